#pragma once

#include "control_plane/plane.hpp"
#include "gateway/route.hpp"

#include <memory>
#include <vector>

namespace berth::control_plane {

/// `/providers/Microsoft.Management/managementGroups[/{group}]`: PUT, GET, PATCH, DELETE, the list and the descendants.
/// PUT and PATCH answer 200, DELETE 204, all when the work is done: what Azure's clients take (2021-04-01).
std::vector<gateway::Route> management_group_routes(const std::shared_ptr<Plane>& plane);

} // namespace berth::control_plane
