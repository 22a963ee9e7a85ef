#pragma once

#include "app/client/command.hpp"

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace berth::app {

/// Every command of the program's tree with its arguments, as Markdown.
std::string command_document(const CLI::App& program);

/// The commands about the commands: `completion`, `commands`. The program must outlive them.
std::vector<Command> own_commands(const CLI::App& program);

} // namespace berth::app
