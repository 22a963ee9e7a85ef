#pragma once

#include "control_plane/resource_type.hpp"

namespace berth::control_plane {

/// `GET …/listPolicies`: the policies of a registry alone.
Action list_policies();
/// `POST …/updatePolicies`: changes what the body, an object of policies, names. Answers all of them.
Action update_policies();

} // namespace berth::control_plane
