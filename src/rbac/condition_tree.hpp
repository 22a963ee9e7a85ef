#pragma once

#include "rbac/condition_attribute.hpp"
#include "rbac/condition_operator.hpp"

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace berth::rbac {

/// A value written in a condition, read as what its operator compares.
struct ConditionLiteral {
    std::string text; ///< a string with its escapes resolved, or a `Like` pattern with its escapes
    Decimal number;

    ConditionValue value() const noexcept { return {.text = text, .number = number}; }
};

/// One side of a comparison: an attribute, or one or several values.
struct ConditionOperand {
    std::optional<ConditionAttribute> attribute;
    std::vector<ConditionLiteral> literals; ///< not empty if there is no attribute
};

/// `left quantifier:operator right`.
struct ConditionComparison {
    ConditionOperator op;
    ConditionQuantifier quantifier = ConditionQuantifier::none;
    ConditionOperand left;
    ConditionOperand right;
};

struct ActionMatches {
    std::string pattern; ///< of the operation's name, action or data action
};
/// Operations of a registry have no suboperations: it never matches.
struct SubOperationMatches {
    std::string name;
};
struct Exists {
    ConditionAttribute attribute;
};

struct ConditionNode;
struct AllOf {
    std::vector<ConditionNode> operands; ///< two or more
};
struct AnyOf {
    std::vector<ConditionNode> operands; ///< two or more
};
struct Negation {
    std::unique_ptr<ConditionNode> operand;
};

/// A condition as a typed tree. Parentheses leave no trace in it. Its depth is bounded by what the parser takes.
struct ConditionNode {
    std::variant<AllOf, AnyOf, Negation, ActionMatches, SubOperationMatches, Exists, ConditionComparison> what;
};

} // namespace berth::rbac
