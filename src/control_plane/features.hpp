#pragma once

#include "control_plane/plane.hpp"
#include "gateway/route.hpp"

#include <vector>

namespace berth::control_plane {

/// Microsoft.Features: previews of Azure's that a subscription takes part in. berth has none, so the lists are empty, and none
/// can be registered.
std::vector<gateway::Route> feature_routes(const std::shared_ptr<Plane>& plane);

} // namespace berth::control_plane
