#pragma once

#include <string>
#include <string_view>

namespace berth::rbac {

/// Whether the whole text is like the pattern of a `StringLike`: `*` is any run of characters and nothing, `?` is one
/// character of UTF-8, a backslash before `*`, `?`, `\` or `'` takes that character as it is. Without an allocation; the
/// time is bounded by the product of the two lengths whatever the pattern.
/// @param ignore_case without regard to ASCII case
bool matches_like(std::string_view pattern, std::string_view text, bool ignore_case) noexcept;

/// What every text that is like a pattern begins with.
struct LikeBeginning {
    std::string text;
    bool whole = false; ///< the pattern has no wildcard: only this text itself is like it
};
LikeBeginning beginning_of_like(std::string_view pattern);

} // namespace berth::rbac
