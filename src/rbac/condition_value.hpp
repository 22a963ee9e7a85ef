#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace berth::rbac {

/// What a condition compares: the family of its operator (`String…`, `Numeric…`, `DateTime…`, `Guid…`, `Bool…`).
enum class ConditionType : std::uint8_t { string, number, date_time, guid, boolean };

/// A decimal number, kept exactly: at most 18 digits before the point and 9 behind it.
struct Decimal {
    std::int64_t whole = 0;
    std::int64_t billionths = 0; ///< of the same sign as `whole`

    /// An optional `-`, digits, optionally a point and digits; nullopt for anything else and for what is longer.
    static std::optional<Decimal> parse(std::string_view text) noexcept;
    auto operator<=>(const Decimal&) const = default;
};

/// One value as a comparison sees it. A string is looked at as text; a point in time is a number of microseconds since
/// the epoch, a boolean is 0 or 1, a GUID its two halves of 64 bits. A view, made without an allocation.
struct ConditionValue {
    std::string_view text;
    Decimal number;

    /// What a text means to operators of that type; nullopt if it is none of theirs. A point in time is RFC 3339
    /// (finer than microseconds is cut off), a GUID 36 characters in either case, a boolean `true` or `false`.
    static std::optional<ConditionValue> read(ConditionType type, std::string_view text) noexcept;
};

} // namespace berth::rbac
