#pragma once

#include <string>
#include <string_view>

namespace berth::app {

/// Text as one word of a POSIX shell, quoted where that is needed.
std::string shell_word(std::string_view text);

} // namespace berth::app
