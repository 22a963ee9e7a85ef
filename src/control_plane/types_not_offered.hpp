#pragma once

#include "control_plane/resource_type.hpp"

#include <vector>

namespace berth::control_plane {

/// The types below a registry that clients list and that berth has none of: replications, private endpoint connections,
/// connected registries, pipelines, tasks and what belongs to them. Lists are empty, making one is refused with the reason.
std::vector<ResourceType> types_not_offered();

/// What a registry is asked for them: `privateLinkResources` (an empty list), `scheduleRun` and `listBuildSourceUploadUrl`
/// (refused).
std::vector<Action> actions_not_offered();

} // namespace berth::control_plane
