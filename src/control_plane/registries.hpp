#pragma once

#include "control_plane/resource_type.hpp"

namespace berth::control_plane {

/// `Microsoft.ContainerRegistry/registries`, with its actions. A new registry is made when `prepare_login_server`, if given,
/// is done with its login server.
ResourceType registries(std::function<Result<void>(const std::string& login_server)> prepare_login_server = {});

/// What is said of a registry name that is not valid.
std::string registry_name_message(std::string_view name);

} // namespace berth::control_plane
