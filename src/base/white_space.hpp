#pragma once

#include <string_view>

namespace berth {

/// Whether a text in UTF-8 begins or ends with white space (Unicode's property White_Space, a no-break space included), a
/// control character, or one that takes no room (U+200B to U+200F, U+2060, U+FEFF): a name that looks like another one.
bool has_outer_white_space(std::string_view text) noexcept;

} // namespace berth
