#include "gateway/limits/bucket_table.hpp"

#include <algorithm>
#include <bit>

namespace berth::gateway {
namespace {

constexpr std::int64_t minute = 60'000'000'000;

std::int64_t nanoseconds(BucketTable::Time time) noexcept {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

// Where the bucket's fill would stand after one more was taken: over a minute ahead there was none to take.
std::int64_t after(std::int64_t full_at, std::uint32_t per_minute, std::int64_t now) noexcept {
    return std::max(full_at, now) + minute / per_minute;
}

constexpr std::uint64_t named(std::uint64_t key) noexcept { return key | 1U; } // 0 is a place that nobody has

} // namespace

BucketTable::BucketTable(std::size_t buckets)
    : mask_(std::bit_ceil(std::max<std::size_t>(buckets, 4)) / 4 - 1), lines_(std::make_unique<Line[]>(mask_ + 1)) {}

// The bucket of the key, or the place of the one that misses least.
BucketTable::Bucket& BucketTable::claim(std::uint64_t key) noexcept {
    Line& line = line_of(key);
    for (Bucket& bucket : line.buckets) {
        if (bucket.key.load(std::memory_order_acquire) == key) return bucket;
    }
    Bucket& least = *std::ranges::min_element(
        line.buckets, {}, [](const Bucket& bucket) { return bucket.full_at.load(std::memory_order_relaxed); });
    // Two that come at once share the place for a moment: one counts on the other's bucket, once.
    least.full_at.store(0, std::memory_order_relaxed);
    least.key.store(key, std::memory_order_release);
    return least;
}

std::optional<BucketTable::Wait> BucketTable::take(std::uint64_t key, std::uint32_t per_minute, Time time) noexcept {
    const std::int64_t now = nanoseconds(time);
    Bucket& bucket = claim(named(key));
    std::int64_t full_at = bucket.full_at.load(std::memory_order_relaxed);
    while (true) {
        const std::int64_t next = after(full_at, per_minute, now);
        if (next - now > minute) return Wait(next - now - minute);
        if (bucket.full_at.compare_exchange_weak(full_at, next, std::memory_order_relaxed)) return std::nullopt;
    }
}

std::optional<BucketTable::Wait> BucketTable::look(std::uint64_t key, std::uint32_t per_minute, Time time) const noexcept {
    const std::int64_t now = nanoseconds(time);
    for (const Bucket& bucket : line_of(named(key)).buckets) {
        if (bucket.key.load(std::memory_order_acquire) != named(key)) continue;
        const std::int64_t next = after(bucket.full_at.load(std::memory_order_relaxed), per_minute, now);
        if (next - now > minute) return Wait(next - now - minute);
    }
    return std::nullopt;
}

} // namespace berth::gateway
