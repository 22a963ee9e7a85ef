#include "http/server/read_ahead.hpp"

#include "http/server/page_cache.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

namespace berth::http {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t mebibyte = 1024UZ * 1024;

constexpr std::size_t file_size = 64 * mebibyte;
constexpr std::size_t far_behind = file_size - mebibyte; // further than the system reads ahead by itself

// A file that the disk has and memory has not; no file where the system does not forget.
class ReadAheadTest : public testing::Test {
protected:
    ReadAheadTest() {
        std::string path = testing::TempDir() + "read_ahead_XXXXXX";
        file_ = std::make_shared<FileDescriptor>(::mkstemp(path.data()));
        ::unlink(path.c_str());
        const std::string part(mebibyte, 'x');
        for (std::size_t written = 0; written < file_size; written += part.size())
            EXPECT_EQ(::write(file_->get(), part.data(), part.size()), static_cast<ssize_t>(part.size()));
        ::fdatasync(file_->get());
        forget();
    }
    void SetUp() override {
        if (is_in_memory(file_->get(), 8 * mebibyte, mebibyte, false)) GTEST_SKIP() << "this file system keeps all in memory";
    }

    void forget() const { ::posix_fadvise(file_->get(), 0, 0, POSIX_FADV_DONTNEED); }
    // As often as it takes: while a worker reads, none other begins to.
    bool goes_on(ReadAhead& ahead, std::uint64_t offset, std::uint64_t until) const {
        for (int i = 0; i < 1000; ++i) {
            ahead.go_on(offset);
            if (is_in_memory(file_->get(), until - mebibyte, mebibyte, true)) return true;
            std::this_thread::sleep_for(10ms);
        }
        return false;
    }
    FileRange range(std::uint64_t length) const { return {.file = file_, .offset = 0, .length = length}; }

    std::shared_ptr<FileDescriptor> file_;
    WorkerPool workers_{1};
};

TEST_F(ReadAheadTest, WhatIsWaitedForIsInMemoryAndTheNextIsReadMeanwhile) {
    ReadAhead ahead(workers_, range(file_size));
    EXPECT_FALSE(ahead.is_in_memory(0, mebibyte));
    EXPECT_TRUE(ahead.wait_for(0, mebibyte));
    EXPECT_TRUE(ahead.is_in_memory(0, mebibyte));
    EXPECT_TRUE(goes_on(ahead, mebibyte, 5 * mebibyte));
    EXPECT_TRUE(goes_on(ahead, 3 * mebibyte, 7 * mebibyte));
    EXPECT_FALSE(is_in_memory(file_->get(), far_behind, mebibyte, true)) << "not all at once";
    // Forgotten under its hands: it is waited for again.
    ASSERT_TRUE(goes_on(ahead, 6 * mebibyte, 10 * mebibyte));
    forget();
    EXPECT_FALSE(ahead.is_in_memory(mebibyte, mebibyte));
    EXPECT_TRUE(ahead.wait_for(mebibyte, mebibyte));
    EXPECT_TRUE(ahead.is_in_memory(mebibyte, mebibyte));
}

TEST_F(ReadAheadTest, AfterTheRangeNothingIsAskedFor) {
    ReadAhead ahead(workers_, range(2 * mebibyte));
    EXPECT_TRUE(ahead.wait_for(0, mebibyte));
    EXPECT_TRUE(goes_on(ahead, mebibyte, 2 * mebibyte));
    ahead.go_on(2 * mebibyte);
    EXPECT_FALSE(is_in_memory(file_->get(), far_behind, mebibyte, true));
}

TEST_F(ReadAheadTest, OfAFileInMemoryTheDiskIsAskedNothing) {
    ReadAhead(workers_, range(mebibyte)).wait_for(0, mebibyte);
    ReadAhead ahead(workers_, range(file_size));
    EXPECT_TRUE(ahead.is_in_memory(0, mebibyte));
    ahead.go_on(mebibyte);
    EXPECT_FALSE(is_in_memory(file_->get(), far_behind, mebibyte, true));
}

TEST_F(ReadAheadTest, AFileThatIsTooShortIsNotWaitedForForEver) {
    ReadAhead ahead(workers_, range(2 * file_size));
    EXPECT_TRUE(ahead.wait_for(file_size - mebibyte, 4 * mebibyte));
    ahead.go_on(file_size + mebibyte);
}

} // namespace
} // namespace berth::http
