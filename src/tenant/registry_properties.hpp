#pragma once

#include "tenant/registry.hpp"

#include <boost/json/value.hpp>

namespace berth::tenant {

/// The switches of a registry as ARM writes them; what is missing or of another type has Azure's default, which for every
/// one of them is the value that opens less, or what Azure opens itself.
void apply_properties(Registry& registry, const boost::json::value& properties);
/// `roleAssignmentMode` alone.
RoleAssignmentMode role_assignment_mode_of(const boost::json::value& properties);
/// The policy `exportPolicy` alone: whether other registries may import from this one.
bool export_allowed_by(const boost::json::value& properties);

} // namespace berth::tenant
