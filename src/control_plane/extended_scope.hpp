#pragma once

#include "base/result.hpp"
#include "rbac/scope.hpp"
#include "storage/database.hpp"
#include "tenant/world.hpp"

namespace berth::control_plane {

/// What an assignment hangs on must be there when it is made: a name made anew starts with no rights. Gives the scope in
/// the spelling of what is there: the root, a management group, a subscription, a resource group or a resource.
/// `not_found`, `subscription_not_found`, `resource_group_not_found`.
Result<rbac::Scope> find_extended_scope(storage::Session& session, const tenant::World& world, const rbac::Scope& scope);

} // namespace berth::control_plane
