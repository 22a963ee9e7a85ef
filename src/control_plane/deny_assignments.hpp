#pragma once

#include "control_plane/plane.hpp"
#include "gateway/route.hpp"

#include <memory>
#include <vector>

namespace berth::control_plane {

/// `{scope}/providers/Microsoft.Authorization/denyAssignments[/{id}]`, at every scope and at the root: PUT (201, 200 when
/// it was there), GET, DELETE (200, 204 when it was not there) and the list with its filters.
std::vector<gateway::Route> deny_assignment_routes(const std::shared_ptr<Plane>& plane);

} // namespace berth::control_plane
