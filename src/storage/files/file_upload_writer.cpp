#include "storage/files/file_upload_writer.hpp"

namespace berth::storage {
namespace {

// Hashing more than this goes to a worker.
constexpr std::size_t hashed_in_place = 16 * 1024;
// One is filled while another is worked on; more only while there is memory for many uploads.
constexpr unsigned usual_pieces = 2;
constexpr unsigned most_pieces = 4;

} // namespace

FileUploadWriter::FileUploadWriter(std::unique_ptr<FileUpload> upload)
    : context_(upload->context()), shared_(std::make_shared<Shared>(std::move(upload))), offset_(shared_->upload->size()),
      in_file_(shared_->upload->touches_disk()), memory_share_(context_->memory) {}

FileUploadWriter::~FileUploadWriter() {
    if (spent_ || is_in_memory()) return;                  // nothing runs and nothing is on the disk
    fail({ErrorCode::internal, "an upload was given up"}); // what waits for the workers need not be done
    const Guid id = shared_->upload->id();
    context_->open.close_soon(id, [this] {
        // Whoever lets go last gives up what is on the disk, and that is a worker.
        context_->workers.submit([shared = std::move(shared_)]() mutable { shared.reset(); });
    });
}

std::optional<Error> FileUploadWriter::failed() const {
    if (spent_) return Error{ErrorCode::internal, "an upload was used after its end"};
    const std::lock_guard lock(shared_->mutex);
    return shared_->failed;
}

void FileUploadWriter::fail(const Error& error) {
    const std::lock_guard lock(shared_->mutex);
    if (!shared_->failed) shared_->failed = error;
}

Task<Result<void>> FileUploadWriter::settle() {
    auto idle = shared_->pieces.at_most(0);
    co_await idle;
    if (auto error = failed()) co_return std::unexpected(std::move(*error));
    co_return Result<void>{};
}

Task<Result<void>> FileUploadWriter::append(std::span<const std::byte> bytes) {
    if (auto error = failed()) co_return std::unexpected(std::move(*error));
    if (is_in_memory()) {
        if (memory_.size() + bytes.size() <= context_->options.memory_limit && memory_share_.grow(bytes.size())) {
            memory_.insert(memory_.end(), bytes.begin(), bytes.end());
            offset_ += bytes.size();
            co_return Result<void>{};
        }
        in_file_ = true;
        const Bytes head = std::exchange(memory_, {});
        auto moved = co_await append_to_file(head);
        memory_share_.clear();
        if (!moved) co_return moved;
    }
    auto done = co_await append_to_file(bytes);
    if (done) offset_ += bytes.size();
    co_return done;
}

std::span<std::byte> FileUploadWriter::room() noexcept { return filling_ ? filling_->room() : std::span<std::byte>(); }

std::shared_ptr<FileUploadWriter::Piece> FileUploadWriter::take_piece() {
    {
        const std::lock_guard lock(shared_->mutex);
        if (!shared_->free.empty()) {
            auto piece = std::move(shared_->free.back());
            shared_->free.pop_back();
            piece->used = 0;
            return piece;
        }
    }
    if (pieces_ == most_pieces) return nullptr;
    if (pieces_ >= usual_pieces && context_->memory.left() < context_->options.memory_budget / 2) return nullptr;
    MemoryShare share(context_->memory);
    if (!share.grow(context_->options.piece_size)) return nullptr;
    ++pieces_;
    return std::make_shared<Piece>(context_, std::move(share));
}

Task<Result<void>> FileUploadWriter::append_to_file(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        if (!filling_) filling_ = take_piece();
        if (!filling_) {
            // No memory left for a piece: the caller waits while its own buffer is worked on.
            auto job = on_worker([this, bytes] { return shared_->upload->append(bytes); });
            auto done = co_await job;
            if (!done) fail(done.error());
            co_return done;
        }
        const auto room = filling_->room();
        const auto part = bytes.first(std::min(bytes.size(), room.size()));
        if (part.data() != room.data()) std::ranges::copy(part, room.data());
        filling_->used += part.size();
        bytes = bytes.subspan(part.size());
        if (filling_->used < context_->options.piece_size) continue;
        hand_over();
        filling_ = take_piece();
        if (!filling_) {
            auto one_free = shared_->pieces.at_most(pieces_ - 1);
            co_await one_free;
            filling_ = take_piece();
        }
        if (auto error = failed()) co_return std::unexpected(std::move(*error));
    }
    co_return Result<void>{};
}

// The full piece goes to the workers, and comes back to be filled when they have done with it.
void FileUploadWriter::hand_over() {
    bool first_to_hash = false;
    bool first_to_write = false;
    const auto content = filling_->content();
    shared_->pieces.begin();
    {
        const std::lock_guard lock(shared_->mutex);
        filling_->jobs_left = 2;
        first_to_hash = shared_->to_hash.empty();
        first_to_write = shared_->to_write.empty();
        shared_->to_hash.push_back(filling_);
        shared_->to_write.push_back(std::move(filling_));
    }
    if (first_to_hash) {
        context_->hashing.submit(shared_->upload->hasher(), content, [shared = shared_] { return next_to_hash(*shared); });
    }
    if (first_to_write) context_->writers.submit([shared = shared_] { write_all(*shared); });
}

// Nothing more of an upload that was given up.
std::span<const std::byte> FileUploadWriter::next_to_hash(Shared& shared) {
    while (done_with_front(shared, &Shared::to_hash)) {
        const std::lock_guard lock(shared.mutex);
        if (!shared.failed) return shared.to_hash.front()->content();
    }
    return {};
}

void FileUploadWriter::write_all(Shared& shared) {
    std::shared_ptr<Piece> piece;
    do {
        bool has_failed = false;
        {
            const std::lock_guard lock(shared.mutex);
            piece = shared.to_write.front();
            has_failed = shared.failed.has_value();
        }
        if (has_failed) continue;
        if (auto done = shared.upload->write(piece->content()); !done) {
            const std::lock_guard lock(shared.mutex);
            if (!shared.failed) shared.failed = done.error();
        }
    } while (done_with_front(shared, &Shared::to_write));
}

bool FileUploadWriter::done_with_front(Shared& shared, std::deque<std::shared_ptr<Piece>> Shared::* line) {
    bool is_free = false;
    bool is_more = false;
    {
        const std::lock_guard lock(shared.mutex);
        auto& pieces = shared.*line;
        auto piece = std::move(pieces.front());
        pieces.pop_front();
        is_more = !pieces.empty();
        is_free = --piece->jobs_left == 0;
        if (is_free) shared.free.push_back(std::move(piece));
    }
    if (is_free) shared.pieces.end();
    return is_more;
}

// What is not with the file yet. On a worker, after `settle`.
Result<void> FileUploadWriter::append_rest() {
    FileUpload& upload = *shared_->upload;
    if (auto done = upload.append(memory_); !done) return done;
    if (!filling_) return {};
    if (auto done = upload.append(filling_->content()); !done) return done;
    filling_->used = 0;
    return {};
}

Task<Result<Digest>> FileUploadWriter::digest(DigestAlgorithm algorithm) {
    auto settled = co_await settle();
    if (!settled) co_return failure(std::move(settled));
    if (is_in_memory() && memory_.size() <= hashed_in_place) co_return Digest::of(memory_, algorithm);
    auto job = on_worker([this, algorithm]() -> Result<Digest> {
        if (is_in_memory()) return Digest::of(memory_, algorithm);
        if (auto done = append_rest(); !done) return failure(std::move(done));
        return shared_->upload->digest(algorithm);
    });
    auto digest = co_await job;
    if (!digest) fail(digest.error());
    co_return digest;
}

Task<Result<std::optional<Bytes>>> FileUploadWriter::take_if_small(std::uint64_t limit) {
    auto settled = co_await settle();
    if (!settled) co_return failure(std::move(settled));
    if (offset_ > limit) co_return std::optional<Bytes>{};
    if (is_in_memory()) co_return std::optional<Bytes>(memory_);
    auto job = on_worker([this]() -> Result<std::optional<Bytes>> {
        if (auto done = append_rest(); !done) return failure(std::move(done));
        auto content = shared_->upload->content();
        if (!content) return failure(std::move(content));
        return std::optional<Bytes>(std::move(*content));
    });
    auto content = co_await job;
    if (!content) fail(content.error());
    co_return content;
}

Task<Result<void>> FileUploadWriter::pause() {
    auto settled = co_await settle();
    if (!settled) co_return settled;
    in_file_ = in_file_ || !memory_.empty();
    Result<void> done;
    if (is_in_memory()) {
        done = shared_->upload->pause(owner()); // nothing to save: ends the claim only
    } else {
        auto job = on_worker([this]() -> Result<void> {
            if (auto rest = append_rest(); !rest) return rest;
            return shared_->upload->pause(owner());
        });
        done = co_await job;
    }
    if (!done) {
        fail(done.error());
        co_return done;
    }
    spent_ = true;
    co_return done;
}

Task<Result<void>> FileUploadWriter::finish(const StorageKey& key) {
    auto settled = co_await settle();
    if (!settled) co_return settled;
    in_file_ = true;
    auto job = context_->writers.run([this, &key]() -> Result<void> {
        if (auto rest = append_rest(); !rest) return rest;
        return shared_->upload->finish(key);
    });
    auto done = co_await job;
    if (!done) {
        fail(done.error());
        co_return done;
    }
    spent_ = true;
    co_return done;
}

} // namespace berth::storage
