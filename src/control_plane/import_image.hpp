#pragma once

#include "control_plane/resource_type.hpp"

namespace berth::control_plane {

/// `importImage`: decides as Azure does (the action on the target, then, for a source registry of this berth, read and pull
/// there) and answers 501: the copy itself is not part of this version.
Action import_image();

} // namespace berth::control_plane
