#pragma once

#include "control_plane/plane.hpp"
#include "gateway/route.hpp"

#include <memory>

namespace berth::control_plane {

/// `POST /providers/Microsoft.Authorization/elevateAccess`: makes a Global Administrator of the directory User Access
/// Administrator at `/`, as in Azure the only way from rights in the directory to rights on resources. 200 without a body,
/// also when they are it already. To end it, delete that role assignment.
gateway::Route elevate_access_route(const std::shared_ptr<Plane>& plane);

} // namespace berth::control_plane
