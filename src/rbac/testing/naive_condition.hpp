#pragma once

#include <map>
#include <string>
#include <vector>

namespace berth::rbac::testing {

/// What a request is about, as plain text: the values of each attribute by what a condition writes for it, in lower case
/// (`@request[…]`). An attribute that is not there has no values.
using NaiveAttributes = std::map<std::string, std::vector<std::string>>;

/// A condition as the reference tells what it means, without a parser: a tree that is made by hand, printed for the real
/// parser, and asked by recursion over its texts.
struct NaiveCondition {
    enum class Kind { all_of, any_of, negation, action_matches, sub_operation_matches, exists, comparison };
    /// One side of a comparison: an attribute, or values as they are meant (not as they are written).
    struct Side {
        std::string attribute; ///< `@Source[name]`; empty for values
        std::vector<std::string> values;
        bool braces = false; ///< the values are written as a list
    };

    Kind kind = Kind::all_of;
    std::vector<NaiveCondition> parts; ///< of all_of, any_of (two or more) and negation (one)
    std::string text;                  ///< a pattern, a name, an attribute
    Side left;
    std::string quantifier; ///< `ForAnyOfAnyValues` and so on; empty for none
    std::string op;         ///< such as `StringNotLikeIgnoreCase`
    Side right;             ///< a pattern of `Like` with its backslashes

    /// The condition in Azure's language. `style` chooses between the ways of writing the same.
    std::string print(unsigned style) const;
    bool holds(const std::string& action, const NaiveAttributes& attributes) const;
};

/// The conditions of a policy by their text. A text that is not among them never holds.
using NaiveConditions = std::map<std::string, NaiveCondition>;

/// In lower case.
std::string folded(std::string text);
/// By recursion on the pattern: a star is nothing, or one character and a star. Both folded already where case is none.
bool wild(const char* pattern, const char* text);

} // namespace berth::rbac::testing
