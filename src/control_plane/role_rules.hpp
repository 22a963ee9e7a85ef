#pragma once

#include "base/result.hpp"
#include "rbac/role_definition.hpp"
#include "tenant/world.hpp"

#include <string_view>

/// What Azure asks of a custom role beyond its form (azure-rbac-and-arm sections 1.3 and 1.7).
namespace berth::control_plane {

/// Whether an action of a role is one that there is: 400 `InvalidActionOrNotAction`, or `InvalidDataActionOrNotDataAction`
/// for the data lists, naming the first that is not. A pattern that names a provider of berth's operations must match at
/// least one of them, wildcards included, as Azure says it. What providers berth lacks have is not known here and accepted.
Result<void> check_known_operations(const rbac::RoleDefinition& role);

/// Whether the role may have these assignable scopes: at most one management group, none of them together with data
/// actions, and only subscriptions and management groups of this tenant.
Result<void> check_assignable_scopes(const tenant::World& world, const rbac::RoleDefinition& role);

/// The same for one pattern of one list.
bool is_known_pattern(std::string_view pattern, bool is_data_action);

} // namespace berth::control_plane
