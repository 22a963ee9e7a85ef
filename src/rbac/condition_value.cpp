#include "rbac/condition_value.hpp"

#include "base/encoding.hpp"
#include "base/time.hpp"

#include <algorithm>

namespace berth::rbac {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_hex_digit(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool is_guid(std::string_view text) noexcept {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !is_hex_digit(text[i])) return false;
    }
    return true;
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
        if (is_guid(text)) return ConditionValue{.text = text, .number = {}};
        return std::nullopt;
    case ConditionType::boolean:
        if (equals_ignoring_case(text, "true")) return ConditionValue{.text = text, .number = {1, 0}};
        if (equals_ignoring_case(text, "false")) return ConditionValue{.text = text, .number = {0, 0}};
        return std::nullopt;
    }
    return std::nullopt;
}

} // namespace berth::rbac
