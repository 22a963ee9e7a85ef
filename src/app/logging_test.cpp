#include "app/logging.hpp"

#include "base/file_descriptor.hpp"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <string>

namespace berth::app {
namespace {

// Standard error is a pipe that only the test reads, without waiting.
class LoggingTest : public testing::Test {
protected:
    void SetUp() override {
        std::array<int, 2> ends{};
        ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        reader_ = FileDescriptor(ends[0]);
        const FileDescriptor writer(ends[1]);
        ASSERT_EQ(::fcntl(reader_.get(), F_SETFL, O_NONBLOCK), 0);
        earlier_stderr_ = FileDescriptor(::dup(STDERR_FILENO));
        ASSERT_EQ(::dup2(writer.get(), STDERR_FILENO), STDERR_FILENO);
        earlier_logger_ = spdlog::default_logger();
        set_up_logging("info");
    }
    void TearDown() override {
        if (earlier_logger_) spdlog::set_default_logger(earlier_logger_);
        ::dup2(earlier_stderr_.get(), STDERR_FILENO);
    }

    std::string read(std::size_t most = 1U << 20U) const {
        std::string out(most, '\0');
        std::size_t size = 0;
        for (ssize_t got = 0; size < most && (got = ::read(reader_.get(), out.data() + size, most - size)) > 0;) {
            size += static_cast<std::size_t>(got);
        }
        out.resize(size);
        return out;
    }

    FileDescriptor reader_;
    FileDescriptor earlier_stderr_;
    std::shared_ptr<spdlog::logger> earlier_logger_;
};

TEST_F(LoggingTest, NeverWaitsForAReader) {
    const std::string text(30'000, 'x');
    spdlog::info(text);
    const std::string line = read();
    EXPECT_TRUE(line.starts_with("{\"time\":")) << line.substr(0, 100);
    ASSERT_EQ(line.size(), std::size_t{PIPE_BUF}) << "more would wait once the pipe is nearly full";
    EXPECT_EQ(line.find('\n'), line.size() - 1);

    for (int i = 0; i < 100; ++i) spdlog::info(text); // more than a pipe has room for
    // Room for one line: the first is the count of those that were lost, and the second has to go, too.
    EXPECT_EQ(read(PIPE_BUF).size(), std::size_t{PIPE_BUF});
    spdlog::info(text);
    EXPECT_NE(read().find("lines of the log were lost"), std::string::npos);
    spdlog::info("again");
    EXPECT_NE(read().find("1 lines of the log were lost"), std::string::npos) << "the second was counted";
    spdlog::info("short");
    EXPECT_TRUE(read().ends_with("\"message\":\"short\"}\n"));
}

} // namespace
} // namespace berth::app
