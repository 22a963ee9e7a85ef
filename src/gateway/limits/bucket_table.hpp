#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace berth::gateway {

/// Token buckets by key, in a fixed amount of memory. A bucket holds what may be taken in a minute and fills evenly.
/// Thread-safe, without locks or allocation. Under memory pressure a bucket may be forgotten, which makes it full: a limit
/// errs in favour of the client.
class BucketTable {
public:
    using Time = std::chrono::steady_clock::time_point;
    using Wait = std::chrono::nanoseconds;

    /// Room for so many buckets that are not full, rounded up to a power of two; 16 bytes each.
    explicit BucketTable(std::size_t buckets);

    /// Takes one from the key's bucket. nullopt: there was one; else how long until there will be one, and nothing was taken.
    /// Keys are hashes that outsiders cannot foresee. `per_minute` is above 0 and the same at each call for a key.
    std::optional<Wait> take(std::uint64_t key, std::uint32_t per_minute, Time now) noexcept;
    /// As `take`, but takes nothing.
    std::optional<Wait> look(std::uint64_t key, std::uint32_t per_minute, Time now) const noexcept;

private:
    struct Bucket {
        std::atomic<std::uint64_t> key{0};
        std::atomic<std::int64_t> full_at{0}; // nanoseconds of the steady clock; in the past: full
    };
    struct alignas(64) Line {
        std::array<Bucket, 4> buckets;
    };

    Line& line_of(std::uint64_t key) const noexcept { return lines_[(key >> 1U) & mask_]; }
    Bucket& claim(std::uint64_t key) noexcept;

    std::size_t mask_;
    std::unique_ptr<Line[]> lines_;
};

} // namespace berth::gateway
