#pragma once

#include "gateway/route.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace berth::app {

enum class RouteListForm : std::uint8_t {
    text,
    markdown, ///< a table for a document
    json,     ///< for programs: `{"routes":[…]}`, each permission with the operations it stands for in both modes
    roles,    ///< two tables for a document: which built-in roles grant the permissions that the routes ask for
};

/// The route table as text: a row per route with method, pattern, entry requirement and further permissions.
std::string route_list(std::span<const gateway::Route> routes, RouteListForm form);

/// `berth routes`: prints the table of this program. Returns the exit status.
int print_routes(RouteListForm form);

} // namespace berth::app
