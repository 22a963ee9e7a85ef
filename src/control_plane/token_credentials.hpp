#pragma once

#include "control_plane/resource_type.hpp"

namespace berth::control_plane {

/// `POST registries/{r}/generateCredentials` `{"tokenId","name"?,"expiry"?}`: new passwords of a repository token, both or
/// the one that is named, shown this once. What they replace ends with it.
Action generate_credentials();

} // namespace berth::control_plane
