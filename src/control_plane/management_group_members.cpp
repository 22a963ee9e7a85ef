#include "control_plane/management_group_members.hpp"

#include "base/encoding.hpp"
#include "control_plane/authorization_ids.hpp"
#include "control_plane/errors.hpp"
#include "control_plane/management_group_json.hpp"
#include "gateway/context.hpp"
#include "gateway/response.hpp"
#include "storage/events.hpp"
#include "tenant/management_group_store.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

namespace berth::control_plane {
namespace {

using gateway::Context;
using gateway::Permission;
using gateway::Route;
using http::Response;
using storage::Session;
using tenant::ManagementGroup;
using tenant::Subscription;

constexpr std::string_view group_scope = "/providers/Microsoft.Management/managementGroups/{group}";
constexpr std::string_view leave_operation = "Microsoft.Management/managementGroups/subscriptions/delete";

Result<const ManagementGroup*> find_group(const Context& context) {
    const auto* group = context.world().find_management_group(context.parameter("group"));
    if (group != nullptr) return group;
    return arm_failure(ErrorCode::not_found, "NotFound",
                       fmt::format("The management group '{}' cannot be found.", context.parameter("group")));
}

Result<const Subscription*> find_subscription(const Context& context) {
    const auto* subscription = context.world().find_subscription(context.parameter("subscription"));
    if (subscription != nullptr) return subscription;
    return failure(ErrorCode::subscription_not_found,
                   fmt::format("The subscription '{}' could not be found.", context.parameter("subscription")));
}

// What the move needs beside the right at the group of the path: on the subscription what only its owners have, and the
// right to let it go where it is now, unless that is the root group.
Result<void> require_move(const Context& context, const tenant::World& world, const Subscription& subscription) {
    const std::string_view action = context.route().entry.permissions.front()->name;
    for (const Permission* permission : context.route().further) {
        const bool is_leaving = permission->name == leave_operation;
        const bool is_at_root = equals_ignoring_case(subscription.management_group, world.tenant_id.value());
        if (is_leaving && is_at_root) continue;
        const rbac::Scope scope =
            is_leaving ? tenant::management_group_scope(subscription.management_group) : scope_of(subscription);
        auto allowed = context.require_at(world, *permission, scope);
        if (!allowed) return linked_refusal(context, action, permission->name, scope, allowed.error());
    }
    return {};
}

Task<Result<void>> move(const Plane& plane, Context& context, const Guid& subscription, const std::string& from,
                        const std::string& to) {
    const auto write = [&](Session& session) -> Result<void> {
        auto now = context.decide_in(session);
        if (!now) return failure(std::move(now));
        const auto* there = (*now)->find_subscription(subscription.value());
        if (there == nullptr || !equals_ignoring_case(there->management_group, from)) {
            return failure(ErrorCode::conflict, "The subscription was moved by somebody else meanwhile. Look where it is now.");
        }
        if (auto allowed = require_move(context, **now, *there); !allowed) return allowed;
        auto moved = tenant::move_subscription(session, context.world().tenant_id, subscription, to);
        if (!moved) return moved;
        const auto event =
            context.event("subscription.move", {{"subscription", subscription.value()}, {"managementGroup", to}});
        return storage::append_event(session, context.now(), event);
    };
    auto writing = plane.services.database.write(write);
    auto moved = co_await std::move(writing);
    if (!moved) co_return failure(std::move(moved));
    co_return co_await plane.services.tenancy.refresh();
}

bool is_member(const Subscription& subscription, const ManagementGroup& group) {
    return equals_ignoring_case(subscription.management_group, group.name);
}

Task<Result<Response>> put(const Plane& plane, Context& context) {
    auto group = find_group(context);
    if (!group) co_return failure(std::move(group));
    auto subscription = find_subscription(context);
    if (!subscription) co_return failure(std::move(subscription));
    if (!is_member(**subscription, **group)) {
        if (auto allowed = require_move(context, context.world(), **subscription); !allowed)
            co_return failure(std::move(allowed));
        auto moved = co_await move(plane, context, (*subscription)->id, (*subscription)->management_group, (*group)->name);
        if (!moved) co_return failure(std::move(moved));
    }
    co_return gateway::json_response(200, to_json(context.world(), **group, **subscription));
}

Task<Result<Response>> remove(const Plane& plane, Context& context) {
    auto group = find_group(context);
    if (!group) co_return failure(std::move(group));
    auto subscription = find_subscription(context);
    if (!subscription) co_return failure(std::move(subscription));
    const std::string& root = context.world().tenant_id.value();
    if (!is_member(**subscription, **group) || equals_ignoring_case((*group)->name, root)) {
        co_return gateway::empty_response(204);
    }
    if (auto allowed = require_move(context, context.world(), **subscription); !allowed) co_return failure(std::move(allowed));
    auto moved = co_await move(plane, context, (*subscription)->id, (*group)->name, root);
    if (!moved) co_return failure(std::move(moved));
    co_return gateway::empty_response(200);
}

Task<Result<Response>> get(const Plane&, Context& context) {
    auto group = find_group(context);
    if (!group) co_return failure(std::move(group));
    auto subscription = find_subscription(context);
    if (!subscription) co_return failure(std::move(subscription));
    if (!is_member(**subscription, **group)) {
        co_return arm_failure(ErrorCode::not_found, "NotFound",
                              fmt::format("The subscription '{}' is not in the management group '{}'.",
                                          (*subscription)->id.value(), (*group)->name));
    }
    co_return gateway::json_response(200, to_json(context.world(), **group, **subscription));
}

Task<Result<Response>> list(const Plane&, Context& context) {
    auto group = find_group(context);
    if (!group) co_return failure(std::move(group));
    boost::json::array items;
    for (const Subscription& subscription : context.world().subscriptions) {
        if (is_member(subscription, **group)) items.push_back(to_json(context.world(), **group, subscription));
    }
    co_return gateway::list_response(std::move(items));
}

} // namespace

std::vector<Route> management_group_member_routes(const std::shared_ptr<Plane>& plane) {
    const std::vector<const Permission*> moves{&plane->permission("Microsoft.Management/managementGroups/write"),
                                               &plane->permission("Microsoft.Authorization/roleAssignments/write")};
    std::vector<Route> out;
    const auto add = [&](std::string_view id, http::Method method, std::string_view rest, std::string_view verb,
                         Task<Result<Response>> (*handler)(const Plane&, Context&), std::string_view summary) {
        Route route;
        route.id = id;
        route.method = method;
        route.pattern = plane->keep(fmt::format("{}/{}", group_scope, rest));
        route.protocol = gateway::Protocol::resource_manager;
        route.entry = {gateway::EntryKind::all,
                       {&plane->permission(fmt::format("Microsoft.Management/managementGroups/subscriptions/{}", verb))},
                       {}};
        if (method != http::Method::get) route.further = moves;
        route.scope = group_scope;
        route.handler = [plane, handler](Context& context) { return handler(*plane, context); };
        route.summary = summary;
        out.push_back(std::move(route));
    };
    constexpr std::string_view one = "subscriptions/{subscription}";
    add("arm.managementGroup.subscription.put", http::Method::put, one, "write", control_plane::put,
        "Moves a subscription into a management group");
    out.back().further.push_back(&plane->permission(leave_operation));
    add("arm.managementGroup.subscription.get", http::Method::get, one, "read", control_plane::get,
        "Reads which management group a subscription is in");
    add("arm.managementGroup.subscription.delete", http::Method::delete_, one, "delete", remove,
        "Moves a subscription out of a management group, into the root group");
    add("arm.managementGroup.subscription.list", http::Method::get, "subscriptions", "read", list,
        "Lists the subscriptions that are directly in a management group");
    return out;
}

} // namespace berth::control_plane
