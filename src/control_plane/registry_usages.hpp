#pragma once

#include "control_plane/resource_type.hpp"

namespace berth::control_plane {

/// `listUsages`: how much of what a registry may have it has; bytes of the content that its repositories link.
Action list_usages();

} // namespace berth::control_plane
