#include "app/client/command_list.hpp"

#include <iterator>

namespace berth::app {

std::vector<Command> client_commands() {
    std::vector<Command> out;
    for (const auto part : {sign_in_commands,         az_commands,
                            recover_commands,         check_commands,
                            collection_commands,      backup_commands,
                            subscription_commands,    management_group_commands,
                            resource_group_commands,  lock_commands,
                            registry_commands,        registry_credential_commands,
                            import_commands,          user_commands,
                            group_commands,           group_link_commands,
                            principal_commands,       principal_secret_commands,
                            identity_commands,        role_definition_commands,
                            role_assignment_commands, deny_assignment_commands,
                            token_commands,           scope_map_commands}) {
        auto commands = part();
        std::ranges::move(commands, std::back_inserter(out));
    }
    return out;
}

} // namespace berth::app
