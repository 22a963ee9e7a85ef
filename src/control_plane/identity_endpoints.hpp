#pragma once

#include "control_plane/resource_type.hpp"

#include <vector>

namespace berth::control_plane {

/// berth's own actions of a user-assigned identity: the secrets with which the places where it is used ask for its tokens at
/// `/msi/token`. A secret is shown once; only its hash is kept.
std::vector<Action> identity_endpoint_actions();

} // namespace berth::control_plane
