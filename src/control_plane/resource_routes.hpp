#pragma once

#include "control_plane/plane.hpp"
#include "gateway/route.hpp"

#include <memory>
#include <vector>

namespace berth::control_plane {

/// The routes of every type of the plane: PUT, GET (and HEAD), PATCH, DELETE, the lists in the resource group, in the
/// subscription and below a parent, and the type's actions.
std::vector<gateway::Route> resource_routes(const std::shared_ptr<Plane>& plane);

} // namespace berth::control_plane
