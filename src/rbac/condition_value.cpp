#include "rbac/condition_value.hpp"

#include "base/encoding.hpp"
#include "base/time.hpp"

#include <algorithm>

namespace berth::rbac {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
std::optional<std::uint64_t> hex_value(char c) noexcept {
    if (is_digit(c)) return static_cast<std::uint64_t>(c - '0');
    const char lower = static_cast<char>(c | 32);
    if (lower >= 'a' && lower <= 'f') return static_cast<std::uint64_t>(lower - 'a' + 10);
    return std::nullopt;
}

// The 128 bits of a GUID, in the two numbers that a decimal has room for.
std::optional<Decimal> read_guid(std::string_view text) noexcept {
    if (text.size() != 36) return std::nullopt;
    std::uint64_t halves[2] = {0, 0};
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text[i] != '-') return std::nullopt;
            continue;
        }
        const auto digit = hex_value(text[i]);
        if (!digit) return std::nullopt;
        auto& half = halves[i < 18 ? 0 : 1];
        half = half << 4 | *digit;
    }
    return Decimal{.whole = static_cast<std::int64_t>(halves[0]), .billionths = static_cast<std::int64_t>(halves[1])};
}

} // namespace

std::optional<Decimal> Decimal::parse(std::string_view text) noexcept {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    const auto point = text.find('.');
    const auto digits = text.substr(0, point);
    if (digits.empty() || digits.size() > 18 || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
    Decimal out;
    for (char c : digits) out.whole = out.whole * 10 + (c - '0');
    if (point != std::string_view::npos) {
        const auto fraction = text.substr(point + 1);
        if (fraction.empty() || fraction.size() > 9 || !std::ranges::all_of(fraction, is_digit)) return std::nullopt;
        std::int64_t unit = 100'000'000;
        for (char c : fraction) {
            out.billionths += (c - '0') * unit;
            unit /= 10;
        }
    }
    if (negative) out = {.whole = -out.whole, .billionths = -out.billionths};
    return out;
}

std::optional<ConditionValue> ConditionValue::read(ConditionType type, std::string_view text) noexcept {
    switch (type) {
    case ConditionType::string: return ConditionValue{.text = text, .number = {}};
    case ConditionType::number:
        if (auto number = Decimal::parse(text)) return ConditionValue{.text = text, .number = *number};
        return std::nullopt;
    case ConditionType::date_time:
        if (auto time = parse_rfc3339(text)) return ConditionValue{.text = text, .number = {to_microseconds(*time), 0}};
        return std::nullopt;
    case ConditionType::guid:
        if (auto bits = read_guid(text)) return ConditionValue{.text = text, .number = *bits};
        return std::nullopt;
    case ConditionType::boolean:
        if (equals_ignoring_case(text, "true")) return ConditionValue{.text = text, .number = {1, 0}};
        if (equals_ignoring_case(text, "false")) return ConditionValue{.text = text, .number = {0, 0}};
        return std::nullopt;
    }
    return std::nullopt;
}

} // namespace berth::rbac
