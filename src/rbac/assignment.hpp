#pragma once

#include "base/guid.hpp"
#include "base/time.hpp"
#include "rbac/condition.hpp"
#include "rbac/scope.hpp"

#include <optional>
#include <string>

namespace berth::rbac {

struct RoleAssignment {
    Guid id;
    Scope scope;
    Guid role_definition;
    Guid principal;
    std::string principal_type; ///< User, Group, ServicePrincipal, ForeignGroup, Device
    ConditionPointer condition; ///< null for none; always of version 2.0
    std::optional<std::string> description;
    Timestamp created_at{};
    std::string created_by;
    Timestamp updated_at{};
    std::string updated_by;
};

/// The scope of a management group or of a subscription, directly in a management group.
struct ManagementGroupMembership {
    Scope member;
    Scope group;
};

/// A principal, or a group, as direct member of a group.
struct GroupMembership {
    Guid group;
    Guid member;
};

} // namespace berth::rbac
