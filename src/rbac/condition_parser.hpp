#pragma once

#include "base/result.hpp"
#include "rbac/condition_tree.hpp"

#include <cstddef>
#include <string_view>

namespace berth::rbac {

/// How deep parentheses and negations may be nested.
constexpr std::size_t deepest_condition = 100;
/// How many values all lists of a condition may have together.
constexpr std::size_t most_condition_values = 1000;

/// Reads Azure's condition language, version 2.0 (docs/conditions.md has the grammar). The types of operators,
/// attributes and values are checked against each other. Failures are `invalid_parameter` and say where, what was found
/// and what would be right.
/// @param text at most `Condition::longest` bytes; the caller has looked
Result<ConditionNode> parse_condition(std::string_view text);

} // namespace berth::rbac
