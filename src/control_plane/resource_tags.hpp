#pragma once

#include "control_plane/plane.hpp"
#include "gateway/route.hpp"

#include <vector>

namespace berth::control_plane {

/// `{scope}/providers/Microsoft.Resources/tags/default` of subscriptions, resource groups and resources: tags by themselves,
/// with a right of their own.
std::vector<gateway::Route> resource_tag_routes(const std::shared_ptr<Plane>& plane);

} // namespace berth::control_plane
