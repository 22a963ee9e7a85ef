#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace berth::rbac {

/// A word, sign or value of a condition.
struct ConditionToken {
    enum class Kind : std::uint8_t {
        left_parenthesis,
        right_parenthesis,
        left_brace,
        right_brace,
        comma,
        colon,
        logical_and, ///< `AND` or `&&`
        logical_or,  ///< `OR` or `||`
        logical_not, ///< `NOT` or `!`
        attribute,   ///< `@Request[…]`; `text` is all of it
        string,      ///< `'…'`; `text` is what stands between the quotes, escapes as they were written
        number,
        guid,
        word, ///< letters: a function, an operator, a quantifier, `true`
        end,
    };
    Kind kind = Kind::end;
    std::string_view text{};
    std::size_t offset = 0; ///< of its first byte in the condition
};

/// Cuts the text of a condition into tokens. White space is space, tab, CR and LF; outside of strings and brackets there
/// is nothing but ASCII.
class ConditionLexer {
public:
    explicit ConditionLexer(std::string_view text) : text_(text) {}
    /// The next one, at last and ever after `end`; `invalid_parameter` with the position for what begins none.
    Result<ConditionToken> next();

private:
    Result<ConditionToken> sign(ConditionToken::Kind kind, std::size_t size);
    Result<ConditionToken> doubled(ConditionToken::Kind kind);
    Result<ConditionToken> attribute();
    Result<ConditionToken> string();
    Result<ConditionToken> bare();

    std::string_view text_;
    std::size_t at_ = 0;
};

/// `invalid_parameter`: "The condition is wrong at line 1, column 9: …". Lines and columns count from 1, columns in
/// characters.
std::unexpected<Error> condition_failure(std::string_view condition, std::size_t offset, std::string_view what);
/// How a message shows a token, or "the end of the condition".
std::string shown(const ConditionToken& token);

} // namespace berth::rbac
