#include "data_plane/ended_uploads.hpp"

#include "data_plane/upload_session.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace berth::data_plane {
namespace {

TEST(EndedUploads, OneOfManyEndsIt) {
    EndedUploads ended;
    const auto id = storage::UploadId::random();
    std::atomic<int> ends = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] { ends += ended.end(id, Timestamp{}) ? 1 : 0; });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(ends, 1);
    EXPECT_TRUE(ended.has_ended(id));
    ended.reopen(id);
    EXPECT_FALSE(ended.has_ended(id));
    EXPECT_TRUE(ended.end(id, Timestamp{}));
}

TEST(EndedUploads, AreRememberedForALifetimeAndReopenedFromEitherHalf) {
    EndedUploads ended;
    Timestamp now{std::chrono::hours(1'000'000)};
    const auto id = storage::UploadId::random();
    EXPECT_TRUE(ended.end(storage::UploadId::random(), now));
    EXPECT_TRUE(ended.end(id, now));
    now += upload_session_lifetime + std::chrono::seconds(1);
    EXPECT_TRUE(ended.end(storage::UploadId::random(), now)); // turns the halves
    EXPECT_FALSE(ended.end(id, now));
    ended.reopen(id);
    EXPECT_FALSE(ended.has_ended(id));
}

} // namespace
} // namespace berth::data_plane
