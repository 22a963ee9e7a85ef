#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "storage/database.hpp"
#include "tenant/resource_lock.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

/// The rows of resource locks: functions for closures of `Database::read` and `write`. They go with what they lie on
/// (`delete_resource`).
namespace berth::tenant {

inline constexpr std::int64_t max_locks_at_scope = 20; ///< as in Azure

/// Creates the lock, or changes level, notes and owners of the one with this name at this scope, whose id and making stay.
/// Gives it as it is then. `limit_exceeded` above 20 at one scope.
Result<ResourceLock> put_lock(storage::Session& session, const Guid& tenant, const ResourceLock& lock);
/// By name, without regard to case.
Result<std::optional<ResourceLock>> find_lock(storage::Session& session, const rbac::Scope& scope, std::string_view name);
/// The lock that was there; nullopt if there was none.
Result<std::optional<ResourceLock>> delete_lock(storage::Session& session, const rbac::Scope& scope, std::string_view name);
/// All of the tenant, in the order of scope and name.
Result<std::vector<ResourceLock>> list_locks(storage::Session& session);

} // namespace berth::tenant
