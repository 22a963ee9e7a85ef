#pragma once

#include "control_plane/resource_type.hpp"

namespace berth::control_plane {

inline constexpr std::string_view credential_set_type = "Microsoft.ContainerRegistry/registries/credentialSets";

/// Where the user name and password of an upstream registry are: kept for the cache rules that name it. This version reads
/// no secret, and `credentialHealth` says so.
ResourceType credential_sets();

/// Whether a resource below a registry, or such a rule, may be called so: 5 to 50 letters, digits and '-'.
bool is_rule_name(std::string_view name);

} // namespace berth::control_plane
