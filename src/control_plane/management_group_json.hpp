#pragma once

#include "base/result.hpp"
#include "tenant/management_group.hpp"
#include "tenant/world.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace berth::control_plane {

inline constexpr std::string_view management_groups_type = "Microsoft.Management/managementGroups";

/// What a PUT or a PATCH of a management group says.
struct ManagementGroupBody {
    std::optional<std::string> display_name; ///< 1 to 256 bytes
    std::optional<std::string> parent;       ///< the name at the end of the parent's id
};

/// Reads Azure's PUT `{"properties":{"displayName"?,"details"?:{"parent"?:{"id"}}}}`, and PATCH `{"displayName"?,
/// "parentGroupId"?}`, in one: either form will do. `invalid_parameter` for other types and for a parent that is no id of
/// a management group.
Result<ManagementGroupBody> parse_management_group(const boost::json::value& body);

/// Which of a group's children to show: `$expand=children`, `$recurse=true`.
struct ManagementGroupExpansion {
    bool children = false;
    bool recurse = false;
};

/// The group as ARM shows it by itself; `may_read` says which of its children are shown.
boost::json::object to_json(const tenant::World& world, const tenant::ManagementGroup& group,
                            const ManagementGroupExpansion& expansion, const std::function<bool(const rbac::Scope&)>& may_read);
/// The same in a list.
boost::json::object to_summary(const tenant::World& world, const tenant::ManagementGroup& group);
/// A subscription as a member of the group that it is in.
boost::json::object to_json(const tenant::World& world, const tenant::ManagementGroup& group,
                            const tenant::Subscription& subscription);
/// A group or a subscription as one of the descendants of another group.
boost::json::object descendant_json(const tenant::ManagementGroup& group);
boost::json::object descendant_json(const tenant::Subscription& subscription);

/// `/subscriptions/{id}`.
rbac::Scope scope_of(const tenant::Subscription& subscription);

} // namespace berth::control_plane
