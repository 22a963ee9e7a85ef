#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace berth::gateway {

/// One condition of a `$filter`.
struct FilterTerm {
    enum class Kind : std::uint8_t {
        comparison, ///< `displayName eq 'x'`: name, operation, one value; `appId in ('x','y')`: one or more
        function,   ///< `atScope()`, `startswith(displayName,'x')`: name and its arguments as values
        any,        ///< `servicePrincipalNames/any(c:c eq 'x')`: the collection's name, operation, one value
    };
    Kind kind = Kind::comparison;
    std::string name;
    std::string operation;           ///< `eq`, `ne`, `gt`, `ge`, `lt`, `le` or (in expressions) `in`, lower case
    std::vector<std::string> values; ///< without quotes

    /// Whether this is `name eq <value>`, or `name/any(c:c eq <value>)`; names without regard to case.
    bool is_equality(std::string_view wanted) const noexcept;
    bool is_any_equality(std::string_view wanted) const noexcept;
    /// Whether this is a call of the function with that many arguments.
    bool is_call(std::string_view function, std::size_t arguments) const noexcept;
    /// As a person would write it, for messages.
    std::string to_string() const;
};

/// A `$filter` with everything that it may hold.
struct FilterExpression {
    enum class Kind : std::uint8_t {
        all,  ///< every part: `a and b`; without parts it is always met
        any,  ///< one of the parts: `a or b`
        none, ///< not its one part: `not a`
        term, ///< the condition
    };
    Kind kind = Kind::all;
    FilterTerm term{};
    std::vector<FilterExpression> parts{};
};

/// Reads conditions joined by `and`, `or` and `not`, with `in` and parentheses (OData 4.01 URL conventions, section 5.1.1).
/// `and` binds tighter than `or`. The limits and failures are those of `parse_filter`.
Result<FilterExpression> parse_filter_expression(std::string_view text);

/// Reads the part of OData's filter expressions (OData 4.01 URL conventions, section 5.1.1) that Azure's clients send:
/// conditions joined by `and`, with parentheses around them. At most 2,048 bytes and 32 conditions. Fails with
/// `invalid_parameter` and says where; an empty text has no conditions.
Result<std::vector<FilterTerm>> parse_filter(std::string_view text);

} // namespace berth::gateway
