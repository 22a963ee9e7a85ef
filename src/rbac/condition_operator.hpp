#pragma once

#include "rbac/condition_value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace berth::rbac {

/// How two values stand to each other.
enum class ConditionRelation : std::uint8_t { equals, starts_with, like, less, less_equals, greater, greater_equals };

/// A comparison operator, such as `StringNotLikeIgnoreCase`.
struct ConditionOperator {
    std::string_view name; ///< as Azure spells it
    ConditionType type;
    ConditionRelation relation;
    bool negated = false;
    bool ignore_case = false;

    /// Without regard to case; nullopt if there is none of that name.
    static std::optional<ConditionOperator> find(std::string_view name) noexcept;
    /// The names of a type's operators, for messages: `GuidEquals or GuidNotEquals`.
    static std::string names_of(ConditionType type);
    /// Whether the two values, both read as of `type`, stand to each other as the operator says.
    bool compares(const ConditionValue& left, const ConditionValue& right) const noexcept {
        const bool stand =
            type == ConditionType::string ? text_stands(left.text, right.text) : number_stands(left.number, right.number);
        return stand != negated;
    }

private:
    bool text_stands(std::string_view left, std::string_view right) const noexcept;
    // Here, because a list of GUIDs may be long.
    bool number_stands(const Decimal& left, const Decimal& right) const noexcept {
        switch (relation) {
        case ConditionRelation::equals: return left == right;
        case ConditionRelation::less: return left < right;
        case ConditionRelation::less_equals: return left <= right;
        case ConditionRelation::greater: return left > right;
        case ConditionRelation::greater_equals: return left >= right;
        default: return false; // no operator on numbers has another relation
        }
    }
};

/// How many values of each side a comparison is about: the `For…Of…Values:` before an operator.
enum class ConditionQuantifier : std::uint8_t { none, any_of_any, all_of_any, any_of_all, all_of_all };

/// Without regard to case; nullopt if there is none of that name.
std::optional<ConditionQuantifier> find_quantifier(std::string_view name) noexcept;

} // namespace berth::rbac
