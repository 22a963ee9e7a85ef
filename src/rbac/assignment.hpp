#pragma once

#include "base/guid.hpp"
#include "base/time.hpp"
#include "rbac/scope.hpp"

#include <optional>
#include <string>

namespace berth::rbac {

struct RoleAssignment {
    Guid id;
    Scope scope;
    Guid role_definition;
    Guid principal;
    std::string principal_type;           ///< User, Group, ServicePrincipal, ForeignGroup, Device
    std::optional<std::string> condition; ///< nullopt for none; any text, an empty one too, is a condition
    std::optional<std::string> condition_version;
    std::optional<std::string> description;
    Timestamp created_at{};
    std::string created_by;
    Timestamp updated_at{};
    std::string updated_by;
};

/// A principal, or a group, as direct member of a group.
struct GroupMembership {
    Guid group;
    Guid member;
};

} // namespace berth::rbac
