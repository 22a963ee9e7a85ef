#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "storage/database.hpp"

#include <set>
#include <string>

/// Who can administer a subscription, as the rows say inside a transaction. An administrator's assignment is at the
/// subscription or above it (management groups, `/`), has no condition, names a role that grants
/// `Microsoft.Authorization/roleAssignments/write` without one, and is held by an enabled user or service principal, or by a
/// group that has one among its members, transitively. Deny assignments are left aside.
namespace berth::tenant {

/// The ids of the subscriptions that have an administrator.
using AdministeredSubscriptions = std::set<std::string>;

/// Whether the role, built-in or custom, grants `roleAssignments/write` without a condition; false for an unknown one.
Result<bool> role_administers(storage::Session& session, const Guid& role);

Result<AdministeredSubscriptions> read_administered(storage::Session& session);

/// `last_administrator` if a subscription that had an administrator has none any more: call it at the end of a transaction
/// that takes roles away, with what was read at its beginning.
Result<void> expect_administered(storage::Session& session, const AdministeredSubscriptions& before);

} // namespace berth::tenant
