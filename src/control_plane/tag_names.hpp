#pragma once

#include "control_plane/plane.hpp"
#include "gateway/route.hpp"

#include <vector>

namespace berth::control_plane {

/// `tagNames` of a subscription: the tags that are in use there, of what the caller may read, and those that were predefined:
/// names and values for people to choose from, which bind nobody.
std::vector<gateway::Route> tag_name_routes(const std::shared_ptr<Plane>& plane);

} // namespace berth::control_plane
