#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "rbac/deny_assignment.hpp"
#include "storage/database.hpp"

#include <optional>
#include <vector>

/// The rows of deny assignments: functions for closures of `Database::read` and `write`.
namespace berth::tenant {

/// In a subscription, and at one scope above subscriptions. berth's own limit: each is looked at in every decision below.
inline constexpr std::int64_t max_deny_assignments = 500;

/// Creates the deny assignment, or replaces all but scope, maker and time of making of the one with that id. `conflict` if
/// that one is at another scope or protected by the system, `limit_exceeded` above 500.
Result<void> put_deny_assignment(storage::Session& session, const Guid& tenant, const rbac::DenyAssignment& assignment);
/// `not_found`; `conflict` if it is protected by the system.
Result<void> delete_deny_assignment(storage::Session& session, const Guid& id);
/// In the order of scope and id.
Result<std::vector<rbac::DenyAssignment>> list_deny_assignments(storage::Session& session);
/// nullopt if there is none.
Result<std::optional<rbac::DenyAssignment>> find_deny_assignment(storage::Session& session, const Guid& id);

} // namespace berth::tenant
