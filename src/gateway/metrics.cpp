#include "gateway/metrics.hpp"

#include <fmt/format.h>

#include <iterator>

namespace berth::gateway {

Metrics::Metrics(std::span<const Route> routes) : routes_(routes), counters_(routes.size() + 1) {}

void Metrics::count(const Route* route, unsigned status, std::chrono::microseconds took) noexcept {
    PerRoute& counters = counters_[route == nullptr ? routes_.size() : static_cast<std::size_t>(route - routes_.data())];
    const auto relaxed = std::memory_order_relaxed;
    counters.by_status_class[std::min<std::size_t>(status / 100, 5)].fetch_add(1, relaxed);
    std::size_t bucket = 0;
    while (bucket < bounds_microseconds.size() && took.count() > bounds_microseconds[bucket]) ++bucket;
    counters.by_duration[bucket].fetch_add(1, relaxed);
    counters.total_microseconds.fetch_add(static_cast<std::uint64_t>(took.count()), relaxed);
}

void Metrics::add_source(std::function<void(std::string&)> source) {
    const std::lock_guard lock(mutex_);
    sources_.push_back(std::move(source));
}

std::string Metrics::to_text() const {
    std::string out;
    auto to = std::back_inserter(out);
    fmt::format_to(to, "# HELP berth_requests_total Requests answered, by route and class of status.\n"
                       "# TYPE berth_requests_total counter\n");
    const auto name = [&](std::size_t i) { return i < routes_.size() ? routes_[i].id : std::string_view("none"); };
    for (std::size_t i = 0; i < counters_.size(); ++i) {
        for (std::size_t status = 1; status < 6; ++status) {
            const auto count = counters_[i].by_status_class[status].load(std::memory_order_relaxed);
            if (count == 0) continue;
            fmt::format_to(to, "berth_requests_total{{route=\"{}\",status=\"{}xx\"}} {}\n", name(i), status, count);
        }
    }
    fmt::format_to(to, "# HELP berth_request_seconds How long requests took.\n"
                       "# TYPE berth_request_seconds histogram\n");
    for (std::size_t i = 0; i < counters_.size(); ++i) {
        std::uint64_t sum = 0;
        for (const auto& bucket : counters_[i].by_duration) sum += bucket.load(std::memory_order_relaxed);
        if (sum == 0) continue;
        std::uint64_t below = 0;
        for (std::size_t b = 0; b < bounds_microseconds.size(); ++b) {
            below += counters_[i].by_duration[b].load(std::memory_order_relaxed);
            fmt::format_to(to, "berth_request_seconds_bucket{{route=\"{}\",le=\"{}\"}} {}\n", name(i),
                           static_cast<double>(bounds_microseconds[b]) / 1e6, below);
        }
        fmt::format_to(to, "berth_request_seconds_bucket{{route=\"{}\",le=\"+Inf\"}} {}\n", name(i), sum);
        fmt::format_to(to, "berth_request_seconds_sum{{route=\"{}\"}} {}\n", name(i),
                       static_cast<double>(counters_[i].total_microseconds.load(std::memory_order_relaxed)) / 1e6);
        fmt::format_to(to, "berth_request_seconds_count{{route=\"{}\"}} {}\n", name(i), sum);
    }
    const std::lock_guard lock(mutex_);
    for (const auto& source : sources_) source(out);
    return out;
}

} // namespace berth::gateway
