#pragma once

#include "gateway/route.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace berth::gateway {

/// Counts what happens and writes it in the Prometheus text format (version 0.0.4). Counting is lock-free.
class Metrics {
public:
    explicit Metrics(std::span<const Route> routes);

    /// One finished request. `route` may be nullptr: no route was found.
    void count(const Route* route, unsigned status, std::chrono::microseconds took) noexcept;
    /// Adds a part to the text, written by whoever owns the numbers.
    void add_source(std::function<void(std::string& out)> source);
    std::string to_text() const;

private:
    static constexpr std::array<unsigned, 8> bounds_microseconds{100,    500,     1'000,     5'000,
                                                                 25'000, 100'000, 1'000'000, 10'000'000};
    struct PerRoute {
        std::array<std::atomic<std::uint64_t>, 6> by_status_class{};
        std::array<std::atomic<std::uint64_t>, bounds_microseconds.size() + 1> by_duration{};
        std::atomic<std::uint64_t> total_microseconds{0};
    };
    std::span<const Route> routes_;
    std::vector<PerRoute> counters_; // one per route, and one more for no route
    mutable std::mutex mutex_;
    std::vector<std::function<void(std::string&)>> sources_;
};

} // namespace berth::gateway
