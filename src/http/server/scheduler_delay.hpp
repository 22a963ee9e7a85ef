#pragma once

#include "base/file_descriptor.hpp"

#include <chrono>
#include <cstdint>

namespace berth::http {

/// How long this thread was ready to run while the system ran others (Linux, /proc/thread-self/schedstat). Belongs to the
/// thread that made it.
class SchedulerDelay {
public:
    SchedulerDelay();
    /// Since the last call; zero where the system does not tell.
    std::chrono::microseconds take() noexcept;

private:
    std::uint64_t total() const noexcept; // nanoseconds

    FileDescriptor file_;
    std::uint64_t seen_ = 0;
};

} // namespace berth::http
