#pragma once

#include "control_plane/plane.hpp"
#include "gateway/route.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <vector>

namespace berth::control_plane {

/// What a PUT of a lock says.
struct LockBody {
    tenant::LockLevel level = tenant::LockLevel::can_not_delete;
    std::optional<std::string> notes;
    boost::json::array owners;
};

/// `{"properties": {"level", "notes", "owners"}}`. `invalid_parameter` for anything else, unknown properties included.
Result<LockBody> parse_lock_body(const boost::json::value& body);

/// `Microsoft.Authorization/locks` at subscriptions, resource groups and resources. What they forbid is decided in the
/// gateway (`gateway/lock_check.hpp`).
std::vector<gateway::Route> lock_routes(const std::shared_ptr<Plane>& plane);

} // namespace berth::control_plane
