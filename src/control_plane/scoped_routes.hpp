#pragma once

#include "control_plane/plane.hpp"
#include "gateway/route.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace berth::control_plane {

/// One row for a resource that extends another: ARM reaches it below any scope and below the root.
struct ScopedRoute {
    std::string_view id{}; ///< `roleAssignment.put`
    http::Method method = http::Method::get;
    std::string_view path{};      ///< what follows the scope: `providers/Microsoft.Authorization/roleAssignments/{id}`
    std::string_view operation{}; ///< of the entry, at the scope
    bool filters = false;         ///< a list: each item is decided for itself
    bool deferred = false;        ///< conditions may look at the body or the object: the handler decides the whole
    bool again = false;           ///< the same permission may be asked at other scopes, once the body or object is known
    std::uint64_t body_limit = 0;
    Task<Result<http::Response>> (*handler)(const Plane&, gateway::Context&) = nullptr;
    std::string_view summary{};
};

/// Two routes of each row: `/{scope...}/path`, and `/path` at the root.
std::vector<gateway::Route> scoped_routes(const std::shared_ptr<Plane>& plane, std::initializer_list<ScopedRoute> rows);

} // namespace berth::control_plane
