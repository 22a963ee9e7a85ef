#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "storage/database.hpp"
#include "tenant/principal.hpp"

#include <optional>
#include <string>

/// The principals of managed identities: functions for closures of `Database::read` and `write`.
namespace berth::tenant {

/// Makes the service principal of a resource's identity, with a client id of its own and no application. It ends with the
/// resource, which may be inserted later in the same transaction: a trigger sees to that.
Result<Principal> create_managed_identity(storage::Session& session, const Guid& tenant, const Guid& resource,
                                          const std::string& display_name, Timestamp now);
/// That of a resource; nullopt if it has none.
Result<std::optional<Principal>> find_managed_identity(storage::Session& session, const Guid& resource);
/// Ends the identity of a resource that goes on without one; nothing if it has none.
Result<void> delete_managed_identity(storage::Session& session, const Guid& resource);

} // namespace berth::tenant
