#pragma once

#include "control_plane/plane.hpp"
#include "gateway/context.hpp"

namespace berth::control_plane {

/// One page of the resources of a type at the request's scope (a subscription, a resource group or a parent resource)
/// that the caller may read.
Task<Result<http::Response>> list_resources(const Plane& plane, const ResourceType& type, gateway::Context& context);

/// One page of the resources of all types in the subscription or resource group that the caller may read, by `$filter`
/// (`resource_filter.hpp`); `$expand` may name createdTime, changedTime and provisioningState.
Task<Result<http::Response>> list_all_resources(const Plane& plane, gateway::Context& context);

} // namespace berth::control_plane
