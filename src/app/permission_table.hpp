#pragma once

#include "gateway/route.hpp"

#include <span>
#include <string>

namespace berth::app {

/// Which built-in roles grant the permissions that the routes ask for, as two Markdown tables: those of the data plane
/// by role, in both modes of a registry, then those of Azure Resource Manager by operation. Directory permissions are
/// in neither, since no role on resources grants them.
std::string permission_table(std::span<const gateway::Route> routes);

} // namespace berth::app
