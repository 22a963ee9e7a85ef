#include "app/logging.hpp"

#include "base/time.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include <spdlog/formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <mutex>

namespace berth::app {
namespace {

class JsonLines final : public spdlog::formatter {
public:
    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
        const auto time = std::chrono::floor<std::chrono::microseconds>(message.time);
        const auto level = spdlog::level::to_string_view(message.level);
        const std::string_view text(message.payload.data(), message.payload.size());
        const auto add = [&out](std::string_view part) { out.append(part.data(), part.data() + part.size()); };
        add("{\"time\":\"");
        add(to_rfc3339(time));
        add("\",\"level\":\"");
        add(std::string_view(level.data(), level.size()));
        add("\",");
        if (text.starts_with('{') && text.ends_with('}')) {
            add(text.substr(1));
        } else {
            add("\"message\":");
            add(boost::json::serialize(boost::json::value(text)));
            add("}");
        }
        add("\n");
    }
    std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<JsonLines>(); }
};

// Standard error, without ever waiting for whoever reads it: lines are written by event loops, and a reader that has
// stopped must not stop the registry. Lines for which there is no room are counted, and the count is told later.
class UnwaitingStderr final : public spdlog::sinks::base_sink<std::mutex> {
protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        if (!has_room()) {
            ++lost_;
            return;
        }
        if (const std::uint64_t lost = std::exchange(lost_, 0); lost > 0) {
            const std::string text = fmt::format("{} lines of the log were lost: nobody took them from standard error.", lost);
            write(spdlog::details::log_msg(message.logger_name, spdlog::level::warn, text));
            if (!has_room()) {
                ++lost_;
                return;
            }
        }
        write(message);
    }
    void flush_() override {}

private:
    // A pipe says yes when it has room for PIPE_BUF bytes at least (pipe(7)), a file always.
    bool has_room() const noexcept {
        if (is_file_) return true;
        pollfd descriptor{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
        return ::poll(&descriptor, 1, 0) == 1;
    }
    void write(const spdlog::details::log_msg& message) {
        line_.clear();
        formatter_->format(message, line_);
        if (line_.size() > PIPE_BUF) { // more could wait
            line_.resize(PIPE_BUF);
            line_[PIPE_BUF - 1] = '\n';
        }
        std::string_view left(line_.data(), line_.size());
        while (!left.empty()) {
            const ssize_t count = ::write(STDERR_FILENO, left.data(), left.size());
            if (count <= 0) return; // nowhere to complain
            left.remove_prefix(static_cast<std::size_t>(count));
        }
    }

    static bool is_regular_file() noexcept {
        struct stat found{};
        return ::fstat(STDERR_FILENO, &found) == 0 && S_ISREG(found.st_mode);
    }

    const bool is_file_ = is_regular_file();
    spdlog::memory_buf_t line_;
    std::uint64_t lost_ = 0;
};

} // namespace

void set_up_logging(const std::string& level) {
    auto logger = std::make_shared<spdlog::logger>("berth", std::make_shared<UnwaitingStderr>());
    logger->set_formatter(std::make_unique<JsonLines>());
    spdlog::set_default_logger(std::move(logger));
    set_log_level(level);
}

void set_log_level(const std::string& level) { spdlog::set_level(spdlog::level::from_str(level)); }

} // namespace berth::app
