#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "gateway/context.hpp"
#include "rbac/scope.hpp"
#include "tenant/world.hpp"

#include <string>
#include <string_view>

namespace berth::control_plane {

inline constexpr std::string_view role_definitions_type = "Microsoft.Authorization/roleDefinitions";
inline constexpr std::string_view deny_assignments_type = "Microsoft.Authorization/denyAssignments";
inline constexpr std::string_view role_assignments_type = "Microsoft.Authorization/roleAssignments";

/// `{scope}/providers/Microsoft.Authorization/roleAssignments/{guid}`; nothing before `/providers` at the root.
std::string extension_id(std::string_view scope, std::string_view type, const Guid& id);

/// The id of a role definition as it is shown at a scope: below a subscription it begins with the subscription, in one
/// spelling, whoever asks and wherever: az compares the text with that of an assignment (azure-rbac-and-arm section 0, 10).
std::string role_definition_id(const tenant::World& world, const rbac::Scope& shown_at, const Guid& id);

/// The GUID at the end of a role definition's id, with or without a scope before it. `invalid_parameter` for anything else.
Result<Guid> parse_role_definition_id(std::string_view text);

/// The subscription that a scope lies in (or is), if it is one of the world's.
const tenant::Subscription* subscription_of(const tenant::World& world, const rbac::Scope& scope);
/// The management group that a scope is, if it is one of the world's.
const tenant::ManagementGroup* management_group_of(const tenant::World& world, const rbac::Scope& scope);

/// Azure's refusal for somebody who may do `action` at `scope` but lacks `linked` at another scope that the request names.
std::unexpected<Error> linked_refusal(const gateway::Context& context, std::string_view action, std::string_view linked,
                                      const rbac::Scope& scope, const Error& why);

} // namespace berth::control_plane
