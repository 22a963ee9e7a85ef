#pragma once

#include "identity/caller.hpp"
#include "tenant/world.hpp"

#include <vector>

namespace berth::data_plane {

/// The part of `asked` that the caller would be granted now, for the token's `access` list: clients read it, nothing is
/// decided by it. The anonymous get what ACR gives them: pull on every repository, and the catalog if they asked for it.
std::vector<identity::TokenScope> granted_access(const tenant::World& world, const tenant::Registry& registry, Timestamp now,
                                                 const identity::Caller& caller,
                                                 const std::vector<identity::TokenScope>& asked);

} // namespace berth::data_plane
