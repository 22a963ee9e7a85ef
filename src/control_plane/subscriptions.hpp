#pragma once

#include "control_plane/plane.hpp"
#include "gateway/route.hpp"

#include <memory>
#include <vector>

namespace berth::control_plane {

/// What clients ask before they do anything: tenants, subscriptions, locations, resource providers, all resources of a
/// subscription. A subscription is shown to whoever holds any role at, above or below it, as Azure shows it.
std::vector<gateway::Route> subscription_routes(const std::shared_ptr<Plane>& plane);

} // namespace berth::control_plane
