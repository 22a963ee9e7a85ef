#pragma once

#include "base/guid.hpp"
#include "base/time.hpp"
#include "rbac/role_definition.hpp"
#include "rbac/scope.hpp"

#include <string>
#include <vector>

namespace berth::rbac {

/// Whom a deny assignment names.
struct DeniedPrincipal {
    Guid id;          ///< the null GUID with type `SystemDefined`: everyone
    std::string type; ///< User, Group, ServicePrincipal, SystemDefined
    bool operator==(const DeniedPrincipal&) const = default;
};

/// Takes actions away from principals at a scope, whatever roles they hold.
struct DenyAssignment {
    Guid id;
    std::string name; ///< Azure's `denyAssignmentName`
    std::string description;
    std::vector<Permission> permissions;
    Scope scope;
    bool does_not_apply_to_child_scopes = false;
    std::vector<DeniedPrincipal> principals;
    std::vector<DeniedPrincipal> excluded_principals; ///< by themselves or through a group
    bool system_protected = false;
    Timestamp created_at{};
    std::string created_by;
    Timestamp updated_at{};
    std::string updated_by;
};

} // namespace berth::rbac
