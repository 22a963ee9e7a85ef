#pragma once

#include "control_plane/plane.hpp"
#include "gateway/context.hpp"

/// What the routes of a resource type do: one implementation for all types. Everything outside the type's description is
/// the same: what must exist, who may, what is written, what comes back.
namespace berth::control_plane {

/// Creates (201) or replaces (200).
Task<Result<http::Response>> put_resource(const Plane& plane, const ResourceType& type, gateway::Context& context);
/// Changes what the body names: tags as a whole, properties one by one (200).
Task<Result<http::Response>> patch_resource(const Plane& plane, const ResourceType& type, gateway::Context& context);
/// 200; HEAD of a resource group: 204.
Task<Result<http::Response>> get_resource(const Plane& plane, const ResourceType& type, gateway::Context& context);
/// What the type says (200 for most), or 204 if there was none; a resource group: 202, and its end is polled.
Task<Result<http::Response>> delete_resource(const Plane& plane, const ResourceType& type, gateway::Context& context);
Task<Result<http::Response>> run_action(const Plane& plane, const ResourceType& type, const Action& action,
                                        gateway::Context& context);

/// The resource at the request's scope. `not_found`, or `resource_group_not_found` if its group is missing.
Task<Result<tenant::Resource>> find_existing(const gateway::Services& services, const ResourceType& type,
                                             gateway::Context& context);

} // namespace berth::control_plane
