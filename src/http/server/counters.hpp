#pragma once

#include <atomic>
#include <cstdint>

namespace berth::http {

/// A number that one thread raises and others read.
class Counter {
public:
    void add(std::uint64_t count) noexcept { value_.store(value() + count, std::memory_order_relaxed); }
    std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_ = 0;
};

/// What one event loop counts for `ServerMetrics`.
struct Counters {
    Counter accepted;
    Counter requests;
    Counter refused_heads;
    Counter refused_connections; ///< of the loop that accepts
    Counter descriptor_pauses;   ///< likewise
    Counter bytes_received;
    Counter bytes_sent;
};

} // namespace berth::http
