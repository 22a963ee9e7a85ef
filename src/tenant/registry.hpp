#pragma once

#include "base/guid.hpp"
#include "rbac/scope.hpp"
#include "tenant/network_rules.hpp"

#include <cstdint>
#include <string>

namespace berth::tenant {

/// Which permissions decide on the data plane of a registry (ARM: `properties.roleAssignmentMode`).
enum class RoleAssignmentMode : std::uint8_t {
    registry_permissions,   ///< `LegacyRegistryPermissions`
    repository_permissions, ///< `AbacRepositoryPermissions`
};

/// A registry with what every request to it needs to know.
struct Registry {
    std::int64_t row = 0; ///< `resources.id`: what its content hangs on
    Guid id;              ///< immutable; `rid` of its tokens
    std::string name;
    std::string login_server; ///< lower case, with the port where it is not the default one
    rbac::Scope scope;
    Guid subscription;
    RoleAssignmentMode mode = RoleAssignmentMode::registry_permissions;
    std::int64_t mode_epoch = 0; ///< grows at each switch of the mode; a registry token of another epoch is refused
    bool admin_user_enabled = false;
    bool anonymous_pull_enabled = false;
    bool arm_tokens_accepted = true; ///< policy `azureADAuthenticationAsArmPolicy`
    bool export_allowed = true;      ///< policy `exportPolicy`: whether other registries may import from it
    NetworkRules network{};
    bool operator==(const Registry&) const = default;
};

} // namespace berth::tenant
