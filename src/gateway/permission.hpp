#pragma once

#include "rbac/operation.hpp"
#include "tenant/world.hpp"

#include <string_view>
#include <vector>

namespace berth::gateway {

/// Something a route may ask for, by its name in the route table. A constant that lives as long as the program.
///
/// On Azure resources it is one or more operations, all of which are needed: on the data plane they differ with the
/// registry's mode, elsewhere both lists are the same. In the directory it is a directory permission, which only
/// directory roles grant: rights on resources and in the directory are no way around each other.
struct Permission {
    std::string_view name;                               ///< `repository/pull`, or the operation itself for ARM
    std::vector<rbac::Operation> registry_permissions;   ///< in mode registry permissions
    std::vector<rbac::Operation> repository_permissions; ///< in mode repository permissions
    std::string_view token_action;                       ///< the word that a registry token's scope must hold; empty: none does
    std::string_view token_alternative;                  ///< another word that will do, or empty
    std::string_view challenge;                          ///< the actions that a challenge names: `pull,push`
    std::string_view directory_permission;               ///< `microsoft.directory/applications/create`, or empty
    std::vector<tenant::TokenAction> scope_map_actions{}; ///< all that a repository token needs; none: no token may
    bool members_hold = false;                            ///< in the directory: every user has it, without a directory role

    const std::vector<rbac::Operation>& operations(tenant::RoleAssignmentMode mode) const noexcept {
        return mode == tenant::RoleAssignmentMode::registry_permissions ? registry_permissions : repository_permissions;
    }
};

/// A permission of one ARM operation, which is also its name.
Permission arm_permission(std::string_view operation);
/// A permission in the directory.
Permission directory_permission(std::string_view name);
/// One that everybody who is a user of the directory has, as Entra's default user permissions give it to members.
Permission member_permission(std::string_view name);

/// The data plane's permissions (acr-data-plane reference section 5.1).
namespace permissions {
extern const Permission pull;
extern const Permission push; ///< with pull, as Azure asks
extern const Permission delete_content;
extern const Permission untag; ///< push, for taking a tag away: beside `delete_content`
extern const Permission metadata_read;
extern const Permission metadata_write;
extern const Permission list_tags; ///< pull in registry permissions, metadata/read in repository permissions
extern const Permission catalog;
extern const Permission sign;
} // namespace permissions

} // namespace berth::gateway
