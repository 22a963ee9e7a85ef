#pragma once

#include "gateway/route.hpp"

#include <span>
#include <string>

namespace berth::app {

/// The route table as text: a row per route with method, pattern, entry requirement and further permissions.
std::string route_list(std::span<const gateway::Route> routes, bool markdown);

/// `berth routes`: prints the table of this program. Returns the exit status.
int print_routes(bool markdown);

} // namespace berth::app
