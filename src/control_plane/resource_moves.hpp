#pragma once

#include "control_plane/plane.hpp"
#include "gateway/route.hpp"

#include <vector>

namespace berth::control_plane {

/// `moveResources` and `validateMoveResources` of resource groups: to another group, maybe of another subscription. All of
/// the resources move or none. Needs the action on the group, and the right to write each resource both where it is and
/// where it comes to lie, which is more than Azure asks: what moves comes under the roles of its new place.
std::vector<gateway::Route> resource_move_routes(const std::shared_ptr<Plane>& plane);

} // namespace berth::control_plane
