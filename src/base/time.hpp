#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace berth {

/// A point in time in microseconds since 1970-01-01T00:00:00Z; as an integer it is what databases keep.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

/// Where the time comes from; tests set their own.
class Clock {
public:
    virtual ~Clock() = default;
    virtual Timestamp now() const noexcept {
        return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
    }
};

inline std::int64_t to_microseconds(Timestamp time) noexcept { return time.time_since_epoch().count(); }
inline Timestamp from_microseconds(std::int64_t value) noexcept { return Timestamp(std::chrono::microseconds(value)); }
/// Whole seconds since the epoch, as JWTs count.
inline std::int64_t to_unix_seconds(Timestamp time) noexcept {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

/// RFC 3339 in UTC with seven fractional digits, as Azure writes it: `2026-11-22T21:10:27.1234560Z`.
std::string to_rfc3339(Timestamp time);
/// RFC 3339 with `Z` or a numeric offset and any number of fractional digits.
std::optional<Timestamp> parse_rfc3339(std::string_view text);
/// `Sun, 22 Nov 2026 21:10:27 GMT` (RFC 9110 section 5.6.7).
std::string to_http_date(Timestamp time);

} // namespace berth
