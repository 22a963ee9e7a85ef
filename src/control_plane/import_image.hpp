#pragma once

#include "control_plane/resource_type.hpp"

namespace berth::control_plane {

/// `importImage`: decides as Azure does (the action on the target, then, for a source registry of this berth, read and pull
/// there, or what the credentials for it may), writes the operation and answers 202. The work is the importer's
/// (`data_plane/import`).
Action import_image();

} // namespace berth::control_plane
