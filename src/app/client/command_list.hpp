#pragma once

#include "app/client/command.hpp"

#include <vector>

namespace berth::app {

/// Every command of the client, in the order in which help shows them.
std::vector<Command> client_commands();

// Where each of them is described.
std::vector<Command> sign_in_commands();
std::vector<Command> az_commands();
std::vector<Command> recover_commands();
std::vector<Command> check_commands();
std::vector<Command> collection_commands();
std::vector<Command> backup_commands();
std::vector<Command> subscription_commands();
std::vector<Command> management_group_commands();
std::vector<Command> resource_group_commands();
std::vector<Command> lock_commands();
std::vector<Command> registry_commands();
std::vector<Command> registry_credential_commands();
std::vector<Command> import_commands();
std::vector<Command> user_commands();
std::vector<Command> principal_commands();
std::vector<Command> principal_secret_commands();
std::vector<Command> group_commands();
std::vector<Command> group_link_commands();
std::vector<Command> identity_commands();
std::vector<Command> role_definition_commands();
std::vector<Command> role_assignment_commands();
std::vector<Command> deny_assignment_commands();
std::vector<Command> token_commands();
std::vector<Command> scope_map_commands();

} // namespace berth::app
