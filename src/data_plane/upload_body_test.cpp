#include "data_plane/upload_body.hpp"

#include <gtest/gtest.h>

namespace berth::data_plane {
namespace {

// A body that comes in pieces of one size and may break.
class Pieces : public ByteSource {
public:
    Pieces(std::size_t size, std::size_t piece, bool breaks = false) : left_(size), piece_(piece), breaks_(breaks) {}
    Task<Result<std::size_t>> read(std::span<std::byte> out) override {
        EXPECT_FALSE(out.empty());
        largest = std::max(largest, out.size());
        if (left_ == 0 && breaks_) co_return failure(ErrorCode::bad_request, "the connection broke");
        const std::size_t got = std::min({left_, piece_, out.size()});
        for (std::size_t i = 0; i < got; ++i) out[i] = static_cast<std::byte>(sent++ & 0xff);
        left_ -= got;
        co_return got;
    }
    std::size_t sent = 0;
    std::size_t largest = 0;

private:
    std::size_t left_;
    std::size_t piece_;
    bool breaks_;
};

class Sink : public storage::UploadWriter {
public:
    explicit Sink(std::uint64_t offset = 0) : offset_(offset) {}
    std::uint64_t offset() const noexcept override { return offset_; }
    Task<Result<void>> append(std::span<const std::byte> bytes) override {
        if (full) co_return failure(ErrorCode::storage_full, "no room");
        taken.insert(taken.end(), bytes.begin(), bytes.end());
        offset_ += bytes.size();
        co_return Result<void>{};
    }
    Task<Result<void>> pause() override { co_return Result<void>{}; }
    Task<Result<Digest>> digest(DigestAlgorithm algorithm) override { co_return Digest::of(taken, algorithm); }
    Task<Result<std::optional<Bytes>>> take_if_small(std::uint64_t) override { co_return std::optional<Bytes>(taken); }
    Task<Result<void>> finish(const storage::StorageKey&) override { co_return Result<void>{}; }
    Bytes taken;
    bool full = false;

private:
    std::uint64_t offset_;
};

// An upload that is open, within these limits.
struct OpenUpload {
    explicit OpenUpload(const UploadLimitOptions& options = {})
        : limits(clock, options),
          use(std::move(*limits.use(storage::UploadId::random(), {"registry", "actor", "", ""}, false, 0))) {}
    Clock clock;
    UploadLimits limits;
    UploadUse use;
};

TEST(UploadBody, FrontIsWholeUpToTheLimit) {
    for (const std::size_t size : {0U, 1U, 4095U, 4096U, 4097U, 65'535U, 65'536U}) {
        for (const std::size_t piece : {1'000U, 100'000U}) {
            Pieces body(size, piece);
            const auto front = sync_wait(read_front(body, 65'536));
            ASSERT_TRUE(front);
            EXPECT_TRUE(front->is_whole) << size;
            ASSERT_EQ(front->bytes.size(), size);
            for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(std::to_integer<std::size_t>(front->bytes[i]), i & 0xff);
        }
    }
}

TEST(UploadBody, FrontOfALargerBodyEndsOneByteBehindTheLimit) {
    Pieces body(1'000'000, 1'000);
    const auto front = sync_wait(read_front(body, 65'536));
    ASSERT_TRUE(front);
    EXPECT_FALSE(front->is_whole);
    EXPECT_EQ(front->bytes.size(), 65'537U);
    EXPECT_EQ(body.sent, 65'537U) << "nothing is lost between the front and the rest";
}

TEST(UploadBody, RoomGrowsWithWhatArrives) {
    Pieces body(10, 10);
    ASSERT_TRUE(sync_wait(read_front(body, 1ULL << 40U)));
    EXPECT_LE(body.largest, 4096U);
}

TEST(UploadBody, RestIsAppendedInBoundedPieces) {
    struct Case {
        std::size_t piece;  // as it arrives
        std::size_t memory; // for all
        std::size_t most;   // room that is offered
    };
    const std::size_t plenty = 1U << 20U;
    for (const Case& c :
         {Case{300'000, plenty, 65'536}, Case{300'000, 65'535, 4096}, Case{4095, plenty, 4096}, Case{1, plenty, 4096}}) {
        Pieces body(1'000'000, c.piece);
        Sink sink;
        OpenUpload open;
        storage::MemoryBudget memory(c.memory);
        ASSERT_TRUE(sync_wait(append_rest(body, sink, memory, open.use)));
        EXPECT_EQ(sink.taken.size(), 1'000'000U);
        EXPECT_EQ(body.largest, c.most) << c.piece;
        EXPECT_EQ(memory.left(), c.memory) << "all is given back";
    }
}

TEST(UploadBody, RestThatComesSlowlyHoldsLittle) {
    // Fast at first, then a byte at a time.
    struct Slowing final : ByteSource {
        Task<Result<std::size_t>> read(std::span<std::byte> out) override {
            rooms.push_back(out.size());
            if (rooms.size() > 10) co_return std::size_t{0};
            co_return rooms.size() <= 5 ? out.size() : std::size_t{1};
        }
        std::vector<std::size_t> rooms;
    } body;
    Sink sink;
    OpenUpload open;
    storage::MemoryBudget memory(1U << 20U);
    ASSERT_TRUE(sync_wait(append_rest(body, sink, memory, open.use)));
    EXPECT_EQ(body.rooms[4], 65'536U);
    EXPECT_EQ(body.rooms.back(), 4096U);
}

TEST(UploadBody, FailuresComeThrough) {
    storage::MemoryBudget memory(1U << 20U);
    OpenUpload open;
    Sink sink;
    Pieces broken(100, 10, true);
    const auto cut = sync_wait(append_rest(broken, sink, memory, open.use));
    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().code, ErrorCode::bad_request);
    Pieces broken_front(100, 10, true);
    EXPECT_FALSE(sync_wait(read_front(broken_front, 1000)));

    sink.full = true;
    Pieces body(100, 10);
    const auto full = sync_wait(append_rest(body, sink, memory, open.use));
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, ErrorCode::storage_full);
}

TEST(UploadBody, ABlobHasALimit) {
    storage::MemoryBudget memory(1U << 20U);
    OpenUpload open;
    Sink last_byte(most_blob_bytes - 10);
    Pieces fits(10, 10);
    EXPECT_TRUE(sync_wait(append_rest(fits, last_byte, memory, open.use)));
    Pieces over(1, 1);
    const auto refused = sync_wait(append_rest(over, last_byte, memory, open.use));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::payload_too_large);
}

TEST(UploadBody, StopsWhereTheBytesOfOpenUploadsAreUsedUp) {
    storage::MemoryBudget memory(1U << 20U);
    for (const std::uint64_t limit : {1U, 65'536U, 300'000U}) {
        OpenUpload open({.identity_bytes = limit});
        Sink sink;
        Pieces fits(limit, 1000);
        EXPECT_TRUE(sync_wait(append_rest(fits, sink, memory, open.use))) << limit;
        EXPECT_EQ(open.limits.totals().bytes, limit);
        Pieces over(1, 1);
        const auto refused = sync_wait(append_rest(over, sink, memory, open.use));
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::payload_too_large);
        EXPECT_EQ(sink.taken.size(), limit) << "nothing of it was stored";
    }
}

} // namespace
} // namespace berth::data_plane
