#pragma once

#include "base/guid.hpp"
#include "base/time.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace berth::rbac {

/// A role assignment as conditions see it: the one that is being written (`@Request`) or deleted (`@Resource`).
struct AssignmentAttributes {
    Guid role_definition;            ///< `Microsoft.Authorization/roleAssignments:RoleDefinitionId`
    Guid principal;                  ///< `Microsoft.Authorization/roleAssignments:PrincipalId`
    std::string_view principal_type; ///< `Microsoft.Authorization/roleAssignments:PrincipalType`
};

/// A custom security attribute of a principal, `Microsoft.Directory/CustomSecurityAttributes/Id:{set}_{name}`.
struct SecurityAttribute {
    std::string name; ///< `{set}_{name}`
    std::vector<std::string> values;
    bool operator==(const SecurityAttribute&) const = default;
};

/// What a request is about, for conditions: everything that a decision can depend on beside who, what and where. Views;
/// what is empty is not there, and a comparison with what is not there is false.
struct Attributes {
    /// `Microsoft.ContainerRegistry/registries/repositories:name`, in `@Request` and in `@Resource`.
    std::string_view repository{};
    const AssignmentAttributes* requested_assignment = nullptr; ///< `@Request`, on `roleAssignments/write`
    const AssignmentAttributes* existing_assignment = nullptr;  ///< `@Resource`, on `roleAssignments/delete`
    std::span<const SecurityAttribute> principal{};             ///< `@Principal`
    Timestamp now{};                                            ///< `@Environment[UtcNow]`
};

} // namespace berth::rbac
