#pragma once

#include "control_plane/plane.hpp"
#include "gateway/route.hpp"

#include <vector>

namespace berth::control_plane {

/// `Microsoft.Subscription`: aliases (PUT makes a subscription, and its creator Owner of it), rename, cancel and enable.
std::vector<gateway::Route> subscription_alias_routes(const std::shared_ptr<Plane>& plane);

} // namespace berth::control_plane
