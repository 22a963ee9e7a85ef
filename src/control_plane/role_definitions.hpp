#pragma once

#include "control_plane/plane.hpp"
#include "gateway/route.hpp"

#include <memory>
#include <vector>

namespace berth::control_plane {

/// `{scope}/providers/Microsoft.Authorization/roleDefinitions`: PUT (always 201), GET, DELETE and the list.
std::vector<gateway::Route> role_definition_routes(const std::shared_ptr<Plane>& plane);

} // namespace berth::control_plane
