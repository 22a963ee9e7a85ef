#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "control_plane/plane.hpp"
#include "gateway/route.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace berth::control_plane {

/// What a `$filter` on the activity log asks for.
struct ActivityFilter {
    std::optional<Timestamp> from;       ///< `eventTimestamp ge`
    std::optional<Timestamp> to;         ///< `eventTimestamp le`
    std::optional<std::string> provider; ///< `resourceProvider eq`
    std::optional<std::string> group;    ///< `resourceGroupName eq`
    std::optional<std::string> resource; ///< `resourceUri eq` or `resourceId eq`
    std::optional<std::string> caller;   ///< `caller eq`
};

/// Conditions joined by `and`; values with or without quotes, as clients send them. `invalid_parameter` for others, and for
/// texts above 2,048 bytes.
Result<ActivityFilter> parse_activity_filter(std::string_view text);

/// `Microsoft.Insights/eventtypes/management/values` of a subscription: what was done to assignments, roles, locks, groups and
/// registries, each as a beginning and an end, from the events that every change leaves. The newest first.
std::vector<gateway::Route> activity_log_routes(const std::shared_ptr<Plane>& plane);

} // namespace berth::control_plane
