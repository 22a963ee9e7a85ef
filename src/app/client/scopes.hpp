#pragma once

#include "app/client/command.hpp"

#include <string>
#include <vector>

/// What a command works on: subscriptions, resource groups and registries by their names or ids.
namespace berth::app {

/// `--subscription`.
Argument subscription_argument();
/// `-g,--resource-group` and `--subscription`.
std::vector<Argument> group_arguments();
/// `-r,--registry` (required), `-g,--resource-group`, `--subscription`.
std::vector<Argument> registry_arguments();
/// `--scope`, or `-r,--registry`, or `-g,--resource-group`; and `--subscription`.
std::vector<Argument> scope_arguments();

/// `/subscriptions/{id}` of `--subscription` (id or name), else of the sign-in. `not_found`.
Result<std::string> subscription_scope(Session& session, const Values& values);
/// The scope of `--resource-group`, else of the sign-in's. `invalid_parameter` when neither names one.
Result<std::string> group_scope(Session& session, const Values& values);
/// The id of the registry that `name` names: an ARM id as it is; with `--resource-group` the one there; else the one of that
/// name in the subscription, `not_found` when it is not there or may not be read.
Result<std::string> registry_scope(Session& session, const Values& values, const std::string& name);
/// What `scope_arguments` name; the subscription when they name nothing.
Result<std::string> named_scope(Session& session, const Values& values);

} // namespace berth::app
