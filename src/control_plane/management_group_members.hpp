#pragma once

#include "control_plane/plane.hpp"
#include "gateway/route.hpp"

#include <memory>
#include <vector>

namespace berth::control_plane {

/// `/providers/Microsoft.Management/managementGroups/{group}/subscriptions[/{subscription}]`: which subscriptions are
/// directly in a group; PUT moves one into it, DELETE out of it into the tenant's root group. Who moves a subscription needs
/// the right at both ends, but for the root group, and on the subscription what an Owner has.
std::vector<gateway::Route> management_group_member_routes(const std::shared_ptr<Plane>& plane);

} // namespace berth::control_plane
