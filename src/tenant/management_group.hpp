#pragma once

#include "base/guid.hpp"
#include "rbac/scope.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace berth::tenant {

/// A management group: holds subscriptions and other groups, and what is assigned there counts in all of them.
struct ManagementGroup {
    std::string name; ///< its id, 1 to 90 characters; compared without regard to case
    std::string display_name;
    std::optional<std::string> parent; ///< name of the group that it is in; none for the tenant's root group
    rbac::Scope scope;                 ///< `/providers/Microsoft.Management/managementGroups/{name}`
    bool operator==(const ManagementGroup&) const = default;
};

struct Subscription {
    Guid id;
    std::string display_name;
    std::string management_group{}; ///< name of the group that it is directly in
    bool enabled = true;            ///< false when it was canceled: what is in it can be read and deleted, and not changed
    bool operator==(const Subscription&) const = default;
};

/// `/providers/Microsoft.Management/managementGroups/{name}`; the name must be a valid one.
rbac::Scope management_group_scope(std::string_view name);
/// 1 to 90 letters, digits and `-_().`, not ending in a period (Azure: `groupId`).
bool is_management_group_name(std::string_view name) noexcept;

} // namespace berth::tenant
