#pragma once

#include "control_plane/resource_type.hpp"

namespace berth::control_plane {

/// `Microsoft.Resources/resourceGroups`. Deleting one deletes what is in it.
ResourceType resource_groups();

} // namespace berth::control_plane
