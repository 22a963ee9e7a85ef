#pragma once

#include "control_plane/plane.hpp"
#include "gateway/route.hpp"

#include <memory>
#include <vector>

namespace berth::control_plane {

/// `{scope}/providers/Microsoft.Authorization/roleAssignments`: PUT (always 201), GET, DELETE and the list; the caller's
/// `permissions`; `denyAssignments`, of which berth has none.
std::vector<gateway::Route> role_assignment_routes(const std::shared_ptr<Plane>& plane);

} // namespace berth::control_plane
