#include "data_plane/upload_body.hpp"

namespace berth::data_plane {
namespace {

// What an upload holds here while its bytes come fast; the store gathers larger pieces where that serves it. One that is
// slow, or comes when the memory for all is used up, has the smaller room.
constexpr std::size_t piece_size = 64 * 1024;
constexpr std::size_t first_room = 4 * 1024;

} // namespace

Task<Result<BodyFront>> read_front(ByteSource& body, std::uint64_t limit) {
    BodyFront front;
    std::size_t filled = 0;
    while (filled <= limit) {
        // Room grows with what arrives, not with what was promised.
        if (filled == front.bytes.size()) {
            front.bytes.resize(std::min<std::size_t>(std::max(first_room, filled * 4), limit + 1));
        }
        auto got = co_await body.read(std::span(front.bytes).subspan(filled));
        if (!got) co_return failure(std::move(got));
        if (*got == 0) {
            front.is_whole = true;
            break;
        }
        filled += *got;
    }
    front.bytes.resize(filled);
    co_return front;
}

Task<Result<void>> append_rest(ByteSource& body, storage::UploadWriter& writer, storage::MemoryBudget& memory, UploadUse& use) {
    storage::MemoryShare share(memory);
    std::size_t size = first_room;
    auto piece = std::make_unique_for_overwrite<std::byte[]>(size);
    bool is_fast = false;
    for (;;) {
        std::span<std::byte> room;
        if (is_fast) room = writer.room();
        if (room.empty()) room = std::span(piece.get(), size);
        room = room.first(std::min(room.size(), piece_size));
        auto got = co_await body.read(room);
        if (!got) co_return failure(std::move(got));
        if (*got == 0) co_return Result<void>{};
        if (writer.offset() > most_blob_bytes - *got) {
            co_return failure(ErrorCode::payload_too_large, "A blob can have 200 GiB at most.");
        }
        if (auto allowed = use.reserve_as_it_comes(writer.offset() + *got); !allowed) co_return failure(std::move(allowed));
        is_fast = *got == room.size() || *got >= first_room;
        auto appended = co_await writer.append(std::span<const std::byte>(room).first(*got));
        if (!appended) co_return failure(std::move(appended));
        if (is_fast && size < piece_size && writer.room().empty() && share.grow(piece_size)) {
            size = piece_size;
            piece = std::make_unique_for_overwrite<std::byte[]>(size);
        } else if (!is_fast && size > first_room) {
            size = first_room;
            piece = std::make_unique_for_overwrite<std::byte[]>(size);
            share.clear();
        }
    }
}

} // namespace berth::data_plane
