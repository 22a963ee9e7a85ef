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

// A file of 16 MiB that the disk has and memory has not; no file where the system does not forget.
class ReadAheadTest : public testing::Test {
protected:
    ReadAheadTest() {
        std::string path = testing::TempDir() + "read_ahead_XXXXXX";
        file_ = std::make_shared<FileDescriptor>(::mkstemp(path.data()));
        ::unlink(path.c_str());
        const std::string part(mebibyte, 'x');
        for (int i = 0; i < 16; ++i)
            EXPECT_EQ(::write(file_->get(), part.data(), part.size()), static_cast<ssize_t>(part.size()));
        ::fdatasync(file_->get());
        forget();
    }
    void SetUp() override {
        if (is_in_memory(file_->get(), 8 * mebibyte, mebibyte, false)) GTEST_SKIP() << "this file system keeps all in memory";
    }

    void forget() const { ::posix_fadvise(file_->get(), 0, 0, POSIX_FADV_DONTNEED); }
    bool comes_into_memory(std::uint64_t offset) const {
        for (int i = 0; i < 1000; ++i) {
            if (is_in_memory(file_->get(), offset, mebibyte, true)) return true;
            std::this_thread::sleep_for(10ms);
        }
        return false;
    }
    FileRange range(std::uint64_t length) const { return {.file = file_, .offset = 0, .length = length}; }

    std::shared_ptr<FileDescriptor> file_;
    WorkerPool workers_{1};
};

TEST_F(ReadAheadTest, WhatIsWaitedForIsInMemoryAndTheNextIsReadMeanwhile) {
    ReadAhead ahead(workers_, range(16 * mebibyte));
    EXPECT_FALSE(ahead.is_in_memory(0, mebibyte));
    EXPECT_TRUE(ahead.wait_for(0, mebibyte));
    EXPECT_TRUE(ahead.is_in_memory(0, mebibyte));
    EXPECT_TRUE(comes_into_memory(3 * mebibyte));
    EXPECT_FALSE(is_in_memory(file_->get(), 15 * mebibyte, mebibyte, true)) << "not all at once";
    ahead.go_on(3 * mebibyte);
    EXPECT_TRUE(comes_into_memory(6 * mebibyte));
    // Forgotten under its hands: it is waited for again.
    forget();
    EXPECT_FALSE(ahead.is_in_memory(mebibyte, mebibyte));
    EXPECT_TRUE(ahead.wait_for(mebibyte, mebibyte));
    EXPECT_TRUE(ahead.is_in_memory(mebibyte, mebibyte));
}

TEST_F(ReadAheadTest, NothingAfterTheRangeIsRead) {
    ReadAhead ahead(workers_, range(2 * mebibyte));
    EXPECT_TRUE(ahead.wait_for(0, mebibyte));
    ahead.go_on(mebibyte);
    ahead.go_on(2 * mebibyte);
    EXPECT_TRUE(comes_into_memory(mebibyte));
    EXPECT_FALSE(is_in_memory(file_->get(), 15 * mebibyte, mebibyte, true));
}

TEST_F(ReadAheadTest, OfAFileInMemoryTheDiskIsAskedNothing) {
    ReadAhead(workers_, range(mebibyte)).wait_for(0, mebibyte);
    ReadAhead ahead(workers_, range(16 * mebibyte));
    EXPECT_TRUE(ahead.is_in_memory(0, mebibyte));
    ahead.go_on(mebibyte);
    EXPECT_FALSE(is_in_memory(file_->get(), 15 * mebibyte, mebibyte, true));
}

TEST_F(ReadAheadTest, AFileThatIsTooShortIsNotWaitedForForEver) {
    ReadAhead ahead(workers_, range(32 * mebibyte));
    EXPECT_TRUE(ahead.wait_for(15 * mebibyte, 4 * mebibyte));
    ahead.go_on(20 * mebibyte);
}

} // namespace
} // namespace berth::http
