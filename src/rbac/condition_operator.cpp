#include "rbac/condition_operator.hpp"

#include "base/encoding.hpp"
#include "rbac/like_pattern.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace berth::rbac {
namespace {

using enum ConditionRelation;
using Type = ConditionType;

constexpr std::array operators{
    ConditionOperator{"StringEquals", Type::string, equals},
    ConditionOperator{"StringNotEquals", Type::string, equals, true},
    ConditionOperator{"StringStartsWith", Type::string, starts_with},
    ConditionOperator{"StringNotStartsWith", Type::string, starts_with, true},
    ConditionOperator{"StringLike", Type::string, like},
    ConditionOperator{"StringNotLike", Type::string, like, true},
    ConditionOperator{"StringEqualsIgnoreCase", Type::string, equals, false, true},
    ConditionOperator{"StringNotEqualsIgnoreCase", Type::string, equals, true, true},
    ConditionOperator{"StringStartsWithIgnoreCase", Type::string, starts_with, false, true},
    ConditionOperator{"StringNotStartsWithIgnoreCase", Type::string, starts_with, true, true},
    ConditionOperator{"StringLikeIgnoreCase", Type::string, like, false, true},
    ConditionOperator{"StringNotLikeIgnoreCase", Type::string, like, true, true},
    ConditionOperator{"NumericEquals", Type::number, equals},
    ConditionOperator{"NumericNotEquals", Type::number, equals, true},
    ConditionOperator{"NumericLessThan", Type::number, less},
    ConditionOperator{"NumericLessThanEquals", Type::number, less_equals},
    ConditionOperator{"NumericGreaterThan", Type::number, greater},
    ConditionOperator{"NumericGreaterThanEquals", Type::number, greater_equals},
    ConditionOperator{"DateTimeEquals", Type::date_time, equals},
    ConditionOperator{"DateTimeNotEquals", Type::date_time, equals, true},
    ConditionOperator{"DateTimeLessThan", Type::date_time, less},
    ConditionOperator{"DateTimeLessThanEquals", Type::date_time, less_equals},
    ConditionOperator{"DateTimeGreaterThan", Type::date_time, greater},
    ConditionOperator{"DateTimeGreaterThanEquals", Type::date_time, greater_equals},
    ConditionOperator{"GuidEquals", Type::guid, equals},
    ConditionOperator{"GuidNotEquals", Type::guid, equals, true},
    ConditionOperator{"BoolEquals", Type::boolean, equals},
    ConditionOperator{"BoolNotEquals", Type::boolean, equals, true},
};

} // namespace

std::optional<ConditionOperator> ConditionOperator::find(std::string_view name) noexcept {
    for (const auto& op : operators) {
        if (equals_ignoring_case(op.name, name)) return op;
    }
    return std::nullopt;
}

std::string ConditionOperator::names_of(ConditionType type) {
    std::string out;
    const auto of_type = [&](const ConditionOperator& op) { return op.type == type && !op.ignore_case; };
    auto left = std::ranges::count_if(operators, of_type);
    for (const auto& op : operators) {
        if (!of_type(op)) continue;
        if (!out.empty()) out += left == 1 ? " or " : ", ";
        out += op.name;
        --left;
    }
    if (type == Type::string) out += ", each also with IgnoreCase behind it";
    return out;
}

bool ConditionOperator::text_stands(std::string_view left, std::string_view right) const noexcept {
    switch (relation) {
    case equals: return ignore_case ? equals_ignoring_case(left, right) : left == right;
    case starts_with: return ignore_case ? starts_with_ignoring_case(left, right) : left.starts_with(right);
    case like: return matches_like(right, left, ignore_case);
    default: return false; // no operator on strings has another relation
    }
}

std::optional<ConditionQuantifier> find_quantifier(std::string_view name) noexcept {
    constexpr std::array<std::pair<std::string_view, ConditionQuantifier>, 4> quantifiers{{
        {"ForAnyOfAnyValues", ConditionQuantifier::any_of_any},
        {"ForAllOfAnyValues", ConditionQuantifier::all_of_any},
        {"ForAnyOfAllValues", ConditionQuantifier::any_of_all},
        {"ForAllOfAllValues", ConditionQuantifier::all_of_all},
    }};
    for (const auto& [known, quantifier] : quantifiers) {
        if (equals_ignoring_case(known, name)) return quantifier;
    }
    return std::nullopt;
}

} // namespace berth::rbac
