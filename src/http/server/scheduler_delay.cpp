#include "http/server/scheduler_delay.hpp"

#include <fcntl.h>

#include <array>
#include <charconv>
#include <string_view>

namespace berth::http {

SchedulerDelay::SchedulerDelay() : file_(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)), seen_(total()) {}

// Three numbers: time running, time waiting to run, turns.
std::uint64_t SchedulerDelay::total() const noexcept {
    std::array<char, 96> text{};
    const ssize_t count = file_ ? ::pread(file_.get(), text.data(), text.size(), 0) : 0;
    if (count <= 0) return 0;
    const std::string_view line(text.data(), static_cast<std::size_t>(count));
    const std::size_t begin = std::min(line.find(' '), line.size() - 1) + 1;
    std::uint64_t out = 0;
    std::from_chars(line.data() + begin, line.data() + line.size(), out);
    return out;
}

std::chrono::microseconds SchedulerDelay::take() noexcept {
    const std::uint64_t now = total();
    const std::uint64_t since = now > seen_ ? now - seen_ : 0;
    seen_ = now;
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::nanoseconds(since));
}

} // namespace berth::http
