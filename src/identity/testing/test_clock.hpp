#pragma once

#include "base/time.hpp"

#include <atomic>

namespace berth::identity {

/// A clock that stands still until it is set.
class TestClock final : public Clock {
public:
    Timestamp now() const noexcept override { return from_microseconds(microseconds_.load()); }
    void advance(std::chrono::microseconds by) noexcept { microseconds_ += by.count(); }

private:
    std::atomic<std::int64_t> microseconds_ = 1'800'000'000'250'000;
};

} // namespace berth::identity
