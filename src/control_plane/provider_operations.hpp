#pragma once

#include "control_plane/plane.hpp"
#include "gateway/route.hpp"

#include <boost/json/object.hpp>

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace berth::control_plane {

/// `/providers/Microsoft.Authorization/providerOperations[/{provider}]`: every operation that a role can name, from the
/// table that decisions are made with.
std::vector<gateway::Route> provider_operation_routes(const std::shared_ptr<Plane>& plane);

/// The operations of one provider, grouped by resource type; nullopt for a provider without operations.
std::optional<boost::json::object> provider_operations(std::string_view provider);

} // namespace berth::control_plane
