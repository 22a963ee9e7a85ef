#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "storage/database.hpp"
#include "tenant/management_group.hpp"

#include <string>
#include <string_view>
#include <vector>

/// The rows of management groups and of the subscriptions' places among them: functions for closures of
/// `Database::read` and `write`.
namespace berth::tenant {

inline constexpr std::size_t max_management_group_depth = 6;  ///< levels of groups under the root group, as in Azure
inline constexpr std::int64_t max_management_groups = 10'000; ///< in a tenant

/// What a `put_management_group` writes.
struct ManagementGroupWrite {
    std::string name;
    std::string display_name;
    std::string parent; ///< name of the group that it is in; ignored for the root group, which stays where it is
    std::string actor;
    Timestamp now{};
};

/// Makes the tenant's root group unless it is there.
Result<void> ensure_root_management_group(storage::Session& session, const Guid& tenant, Timestamp now);
/// Creates the group, or renames and moves the one with that name; returns whether it is new. `not_found` without the
/// parent; `invalid_parameter` for a name that Azure would refuse, for a group that would be in itself and for more than
/// six levels; `limit_exceeded` above 10,000 groups; `last_administrator` if a subscription would lose its last
/// one.
Result<bool> put_management_group(storage::Session& session, const Guid& tenant, const ManagementGroupWrite& group);
/// Deletes the group with the role and deny assignments at it. `not_found`; `in_use` while it holds groups or
/// subscriptions; `conflict` for the root group.
Result<void> delete_management_group(storage::Session& session, const Guid& tenant, std::string_view name);
/// Every group, the root group included, in the order of their names in lower case.
Result<std::vector<ManagementGroup>> list_management_groups(storage::Session& session, const Guid& tenant);

/// Every subscription, the oldest first.
Result<std::vector<Subscription>> list_subscriptions(storage::Session& session, const Guid& tenant);
/// Puts the subscription directly into the group. `subscription_not_found`, `not_found` without the group,
/// `last_administrator` if it would lose its last one.
Result<void> move_subscription(storage::Session& session, const Guid& tenant, const Guid& subscription,
                               std::string_view management_group);

} // namespace berth::tenant
