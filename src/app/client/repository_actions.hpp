#pragma once

#include "app/client/command.hpp"

#include <set>
#include <string>

namespace berth::app {

/// The actions of a scope map that `--KEY NAME ACTION...` names, as ARM writes them: `repositories/NAME/ACTION`. Names and
/// actions are written in lower case, as az does. `invalid_parameter` without an action or for an unknown one.
Result<std::set<std::string>> repository_actions(const Values& values, std::string_view key);

/// `--repository NAME ACTION...` or one like it.
Argument repository_argument(std::string name, std::string what);

} // namespace berth::app
