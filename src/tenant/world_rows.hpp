#pragma once

#include "base/result.hpp"
#include "storage/database.hpp"
#include "tenant/tenancy.hpp"
#include "tenant/world.hpp"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

/// The parts of a world, each read from its rows. Inside this room only.
namespace berth::tenant {

/// Tenant, subscriptions and management groups, the other parts left out. `unavailable` while there is no tenant.
Result<WorldParts> read_places(storage::Session& session);
Result<std::shared_ptr<const RegistryTable>> read_registries(storage::Session& session, const LoginServerNaming& naming);
Result<std::shared_ptr<const TokenTable>> read_tokens(storage::Session& session);

Result<std::shared_ptr<const std::vector<ResourceLock>>> read_locks(storage::Session& session);

/// In the order of their ids.
Result<std::vector<Principal>> read_principals(storage::Session& session);
Result<std::optional<Principal>> read_principal(storage::Session& session, const Guid& id);
/// In the order of group and member.
Result<std::vector<rbac::GroupMembership>> read_memberships(storage::Session& session);

/// The places of management groups and subscriptions in management groups, as the policy wants them.
std::vector<rbac::ManagementGroupMembership> management_group_memberships(const WorldParts& parts);

} // namespace berth::tenant
