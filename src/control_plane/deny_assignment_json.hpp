#pragma once

#include "base/result.hpp"
#include "rbac/deny_assignment.hpp"
#include "tenant/world.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <vector>

namespace berth::control_plane {

/// What a PUT of a deny assignment says.
struct DenyAssignmentBody {
    std::string name;
    std::string description;
    std::vector<rbac::Permission> permissions;
    bool does_not_apply_to_child_scopes = false;
    std::vector<rbac::DeniedPrincipal> principals;
    std::vector<rbac::DeniedPrincipal> excluded_principals;
};

/// Reads Azure's `{"properties":{"denyAssignmentName","description"?,"permissions":[…],"doNotApplyToChildScopes"?,
/// "principals":[{"id","type"}],"excludePrincipals"?:[…]}}` (api 2024-07-01-preview). `invalid_parameter` (ARM code
/// `InvalidCreateDenyAssignmentRequest`) for what Azure does not let people deny: data actions, actions that end in
/// `/read`, groups as target, everyone without an exclusion; conditions; actions that there are not; and for what has
/// another form. `principal_not_found` for one that the directory does not know and whose type is not given.
Result<DenyAssignmentBody> parse_deny_assignment(const boost::json::value& body, const tenant::World& world);

/// The deny assignment as ARM shows it.
boost::json::object to_json(const rbac::DenyAssignment& assignment);

} // namespace berth::control_plane
