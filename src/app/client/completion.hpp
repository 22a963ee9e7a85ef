#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace berth::app {

/// A script that completes the program's commands, options and the values of options that have a choice, made of the
/// program's own tree, for `bash`, `zsh` or `fish`.
std::string completion_script(const CLI::App& program, std::string_view shell);

} // namespace berth::app
