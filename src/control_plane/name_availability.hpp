#pragma once

#include "control_plane/plane.hpp"
#include "gateway/route.hpp"

#include <memory>

namespace berth::control_plane {

/// `POST …/providers/Microsoft.ContainerRegistry/checkNameAvailability`: registry names are one space for the whole berth.
gateway::Route name_availability_route(const std::shared_ptr<Plane>& plane);

} // namespace berth::control_plane
