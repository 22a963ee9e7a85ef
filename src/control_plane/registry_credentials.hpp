#pragma once

#include "control_plane/resource_type.hpp"

namespace berth::control_plane {

/// `listCredentials`: the admin user's name and both passwords. Refused while the admin user is disabled.
Action list_credentials();
/// `regenerateCredential`: a new value for `password` or `password2`, and both as they are then.
Action regenerate_credential();

} // namespace berth::control_plane
