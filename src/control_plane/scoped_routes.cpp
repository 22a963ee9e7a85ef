#include "control_plane/scoped_routes.hpp"

#include <fmt/format.h>

namespace berth::control_plane {

std::vector<gateway::Route> scoped_routes(const std::shared_ptr<Plane>& plane, std::initializer_list<ScopedRoute> rows) {
    std::vector<gateway::Route> out;
    for (const ScopedRoute& row : rows) {
        for (const bool at_root : {false, true}) {
            const gateway::Permission* permission = &plane->permission(row.operation);
            gateway::Route route;
            route.id = plane->keep(fmt::format("arm.{}{}", row.id, at_root ? "AtRoot" : ""));
            route.method = row.method;
            route.pattern = plane->keep(fmt::format("{}/{}", at_root ? "" : "/{scope...}", row.path));
            route.protocol = gateway::Protocol::resource_manager;
            const auto kind = row.filters    ? gateway::EntryKind::filter
                              : row.deferred ? gateway::EntryKind::deferred
                                             : gateway::EntryKind::all;
            route.entry = {kind, {permission}, {}};
            if (row.again) route.further = {permission};
            route.scope = at_root ? "/" : "/{scope}";
            route.body_limit = row.body_limit;
            route.handler = [plane, handler = row.handler](gateway::Context& context) { return handler(*plane, context); };
            route.summary = row.summary;
            out.push_back(std::move(route));
        }
    }
    return out;
}

} // namespace berth::control_plane
