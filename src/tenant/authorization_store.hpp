#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "rbac/policy.hpp"
#include "storage/database.hpp"

#include <optional>
#include <vector>

/// The rows of roles and assignments: functions for closures of `Database::read` and `write`.
namespace berth::tenant {

inline constexpr std::int64_t max_role_definitions = 5000;      ///< custom ones, in a tenant
inline constexpr std::int64_t max_role_assignments = 4000;      ///< in a subscription
inline constexpr std::int64_t max_role_assignments_above = 500; ///< at one scope above subscriptions

/// Creates or replaces a custom role; who made it and when stay as they were. `role_definition_name_exists` if another
/// role of the tenant (a built-in one included) bears the name, `conflict` for the id of a built-in role,
/// `limit_exceeded` above 5,000, `last_administrator` if a subscription would lose its last one.
Result<void> put_role_definition(storage::Session& session, const Guid& tenant, const rbac::RoleDefinition& role);
/// `role_definition_in_use` while assignments refer to it; `role_definition_not_found`.
Result<void> delete_role_definition(storage::Session& session, const Guid& id);
/// In the order of names in lower case.
Result<std::vector<rbac::RoleDefinition>> list_role_definitions(storage::Session& session);
/// A custom one; nullopt if there is none.
Result<std::optional<rbac::RoleDefinition>> find_role_definition(storage::Session& session, const Guid& id);

/// Creates the assignment, or updates condition and description of the one with that id.
/// `role_assignment_update_not_permitted` if principal, scope or role differ, `role_assignment_exists` (detail: the id)
/// if another one says the same, `limit_exceeded` above 4,000 in a subscription or 500 at a scope above one,
/// `last_administrator` if it would take the last one from a subscription (a new condition does).
Result<void> put_role_assignment(storage::Session& session, const Guid& tenant, const rbac::RoleAssignment& assignment);
/// `not_found` if there is none, `last_administrator` if it is the last one with which a subscription can be administered.
Result<void> delete_role_assignment(storage::Session& session, const Guid& id);
/// In the order of scope, role and principal.
Result<std::vector<rbac::RoleAssignment>> list_role_assignments(storage::Session& session);
/// nullopt if there is none.
Result<std::optional<rbac::RoleAssignment>> find_role_assignment(storage::Session& session, const Guid& id);

} // namespace berth::tenant
