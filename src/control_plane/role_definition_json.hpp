#pragma once

#include "base/result.hpp"
#include "rbac/role_definition.hpp"
#include "tenant/world.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace berth::control_plane {

/// Reads a custom role from a request's body: Azure's `{"properties":{"roleName",…}}`, or the flat form that az and Azure's
/// articles use (`{"Name","roleType","permissions",…}`, or with the four action lists beside the name), property names
/// without regard to case. Fails with `invalid_parameter` and what is wrong where: no name or one longer than 512
/// characters, a description above 2,048 bytes, no permission that grants anything, no assignable scope, more than 2,000 of
/// them, the root or a wildcard among them, another type than CustomRole. `id` and the times are the caller's to set.
Result<rbac::RoleDefinition> parse_role_definition(const boost::json::value& body, const Guid& id);

/// The role as ARM shows it at a scope.
boost::json::object to_json(const tenant::World& world, const rbac::RoleDefinition& role, const rbac::Scope& shown_at);

} // namespace berth::control_plane
