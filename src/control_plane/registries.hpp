#pragma once

#include "control_plane/resource_type.hpp"

namespace berth::control_plane {

/// `Microsoft.ContainerRegistry/registries`, with its actions.
ResourceType registries();

/// What is said of a registry name that is not valid.
std::string registry_name_message(std::string_view name);

} // namespace berth::control_plane
