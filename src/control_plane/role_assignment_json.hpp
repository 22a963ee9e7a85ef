#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "rbac/policy.hpp"
#include "tenant/world.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <optional>
#include <string>

namespace berth::control_plane {

/// What a PUT of a role assignment says.
struct RoleAssignmentBody {
    Guid role_definition;
    Guid principal;
    std::optional<std::string> principal_type; ///< in Azure's spelling
    std::optional<std::string> description;
    rbac::ConditionPointer condition; ///< null for none
};

/// Reads Azure's `{"properties":{"roleDefinitionId","principalId","principalType"?,"description"?,"condition"?,
/// "conditionVersion"?}}`; the properties may also stand alone. `invalid_parameter` with what is wrong; a condition of
/// another version than 2.0, or one that cannot be read, is Azure's `The given role assignment condition is invalid.` with
/// what is wrong where.
Result<RoleAssignmentBody> parse_role_assignment(const boost::json::value& body);

/// The assignment as ARM shows it to a request at a scope.
boost::json::object to_json(const tenant::World& world, const rbac::RoleAssignment& assignment, const rbac::Scope& shown_at);

} // namespace berth::control_plane
