#pragma once

#include "control_plane/resource_type.hpp"

namespace berth::control_plane {

/// `Microsoft.ContainerRegistry/registries/scopeMaps`: what repository tokens may do (acr-data-plane reference, 1.7).
/// A scope map that a token names cannot be deleted.
ResourceType scope_maps();

} // namespace berth::control_plane
