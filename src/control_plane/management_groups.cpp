#include "control_plane/management_groups.hpp"

#include "base/encoding.hpp"
#include "control_plane/authorization_ids.hpp"
#include "control_plane/errors.hpp"
#include "control_plane/management_group_json.hpp"
#include "control_plane/paging.hpp"
#include "gateway/context.hpp"
#include "gateway/response.hpp"
#include "storage/events.hpp"
#include "tenant/management_group_store.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace berth::control_plane {
namespace {

using boost::json::array;
using boost::json::object;
using gateway::Context;
using gateway::EntryKind;
using gateway::Route;
using http::Response;
using storage::Session;
using tenant::ManagementGroup;

constexpr std::uint64_t largest_body = std::uint64_t{64} << 10;
constexpr std::string_view collection = "/providers/Microsoft.Management/managementGroups";
constexpr std::string_view one = "/providers/Microsoft.Management/managementGroups/{group}";

Error not_found(std::string_view name) {
    return arm_failure(ErrorCode::not_found, "NotFound", fmt::format("The management group '{}' cannot be found.", name))
        .error();
}

Result<const ManagementGroup*> find_here(const Context& context) {
    const auto* group = context.world().find_management_group(context.parameter("group"));
    if (group == nullptr) return std::unexpected(not_found(context.parameter("group")));
    return group;
}

const gateway::Permission& permission_of(const Context& context) { return *context.route().entry.permissions.front(); }

bool is_root(const tenant::World& world, std::string_view group) {
    return equals_ignoring_case(group, world.tenant_id.value());
}

Result<void> require_linked(const Context& context, const tenant::World& world, const gateway::Permission& permission,
                            const rbac::Scope& scope) {
    auto allowed = context.require_at(world, permission, scope);
    if (allowed) return {};
    return linked_refusal(context, permission_of(context).name, permission.name, scope, allowed.error());
}

// Who moves a group changes who has rights in it: as in Azure that takes the right to give roles there, and the right to
// write both parents, but for the root group, where everything lands that nobody placed elsewhere.
Result<void> require_move(const Context& context, const tenant::World& world, const ManagementGroup& group,
                          const std::string& to) {
    if (!group.parent || equals_ignoring_case(to, *group.parent)) return {};
    for (const gateway::Permission* permission : context.route().further) {
        if (permission == &permission_of(context)) continue;
        if (auto giving = require_linked(context, world, *permission, group.scope); !giving) return giving;
    }
    for (const std::string& parent : {*group.parent, to}) {
        if (is_root(world, parent)) continue;
        auto writing = require_linked(context, world, permission_of(context), tenant::management_group_scope(parent));
        if (!writing) return writing;
    }
    return {};
}

// May the caller write the group, so that it is in `parent`? A new one belongs to what it is made in, which only the body
// tells: decided there, and an existing one at itself.
Result<void> decide_write(const Context& context, const tenant::World& world, const std::string& parent) {
    const auto* group = world.find_management_group(context.parameter("group"));
    const rbac::Scope scope = group != nullptr ? group->scope : tenant::management_group_scope(parent);
    if (auto allowed = context.require_at(world, permission_of(context), scope); !allowed) return allowed;
    if (group == nullptr) return {};
    return require_move(context, world, *group, parent);
}

// Where the group is to be: where the body says, else where it is, else in the root group.
std::string parent_of(const Context& context, const std::optional<std::string>& wanted) {
    const auto* group = context.world().find_management_group(context.parameter("group"));
    if (wanted) return *wanted;
    return group != nullptr ? group->parent.value_or("") : context.world().tenant_id.value();
}

Task<Result<Response>> write_group(const Plane& plane, Context& context, const ManagementGroupBody& body) {
    const tenant::World& world = context.world();
    const std::string name(context.parameter("group"));
    const auto* before = world.find_management_group(name);
    const tenant::ManagementGroupWrite wanted{.name = before != nullptr ? before->name : name,
                                              .display_name =
                                                  body.display_name.value_or(before != nullptr ? before->display_name : name),
                                              .parent = parent_of(context, body.parent),
                                              .actor = context.actor(),
                                              .now = context.now()};
    const auto write = [&](Session& session) -> Result<void> {
        auto now = context.world_in(session);
        if (!now) return failure(std::move(now));
        if (auto still = decide_write(context, **now, wanted.parent); !still) return still;
        auto written = tenant::put_management_group(session, world.tenant_id, wanted);
        if (!written) return failure(std::move(written));
        const auto event = context.event("managementGroup.write", {{"name", wanted.name}, {"parent", wanted.parent}});
        return storage::append_event(session, context.now(), event);
    };
    auto writing = plane.services.database.write(write);
    auto written = co_await std::move(writing);
    if (!written) co_return failure(std::move(written));
    auto refreshed = co_await plane.services.tenancy.refresh();
    if (!refreshed) co_return failure(std::move(refreshed));
    const auto now = plane.services.tenancy.world();
    const auto* group = now->find_management_group(name);
    if (group == nullptr) co_return std::unexpected(not_found(name)); // deleted meanwhile
    co_return gateway::json_response(200, to_json(*now, *group, {}, nullptr));
}

Task<Result<Response>> put(const Plane& plane, Context& context) {
    auto json = co_await context.json_body();
    if (!json) co_return failure(std::move(json));
    auto body = parse_management_group(*json);
    const std::string parent = parent_of(context, body ? body->parent : std::nullopt);
    auto allowed = decide_write(context, context.world(), parent);
    if (!allowed) co_return failure(std::move(allowed));
    if (!body) co_return failure(std::move(body));
    co_return co_await write_group(plane, context, *body);
}

Task<Result<Response>> patch(const Plane& plane, Context& context) {
    auto json = co_await context.json_body();
    if (!json) co_return failure(std::move(json));
    auto body = parse_management_group(*json);
    if (!body) co_return failure(std::move(body));
    auto group = find_here(context);
    if (!group) co_return failure(std::move(group));
    auto allowed = decide_write(context, context.world(), parent_of(context, body->parent));
    if (!allowed) co_return failure(std::move(allowed));
    co_return co_await write_group(plane, context, *body);
}

Task<Result<Response>> get(const Plane&, Context& context) {
    auto group = find_here(context);
    if (!group) co_return failure(std::move(group));
    const auto expand = context.query().find("$expand").value_or("");
    const auto recurse = context.query().find("$recurse").value_or("");
    const ManagementGroupExpansion expansion{.children = equals_ignoring_case(expand, "children"),
                                             .recurse = equals_ignoring_case(recurse, "true")};
    const auto may_read = [&](const rbac::Scope& scope) { return context.may_at(permission_of(context), scope); };
    co_return gateway::json_response(200, to_json(context.world(), **group, expansion, may_read));
}

Task<Result<Response>> remove(const Plane& plane, Context& context) {
    const std::string name(context.parameter("group"));
    const auto write = [&](Session& session) -> Result<bool> {
        auto still = context.decide_in(session);
        if (!still) return failure(std::move(still));
        auto deleted = tenant::delete_management_group(session, context.world().tenant_id, name);
        if (!deleted && deleted.error().code == ErrorCode::not_found) return false;
        if (!deleted) return failure(std::move(deleted));
        const auto event = context.event("managementGroup.delete", {{"name", name}});
        if (auto left = storage::append_event(session, context.now(), event); !left) return failure(std::move(left));
        return true;
    };
    auto writing = plane.services.database.write(write);
    auto deleted = co_await std::move(writing);
    if (!deleted) co_return failure(std::move(deleted));
    if (*deleted) {
        auto refreshed = co_await plane.services.tenancy.refresh();
        if (!refreshed) co_return failure(std::move(refreshed));
    }
    co_return gateway::empty_response(204);
}

// What is listed with the key of its scope.
using Listed = std::pair<std::string, object>;
const std::string& key_of(const Listed& listed) { return listed.first; }
object take_json(Listed& listed) { return std::move(listed.second); }

Task<Result<Response>> list(const Plane&, Context& context) {
    auto page = parse_list_page(context.query());
    if (!page) co_return failure(std::move(page));
    std::vector<Listed> found;
    for (const ManagementGroup& group : context.world().management_groups()) {
        if (context.may_at(permission_of(context), group.scope)) {
            found.emplace_back(group.scope.key(), to_summary(context.world(), group));
        }
    }
    co_return page_of(context, *page, std::move(found), &key_of, &take_json);
}

Task<Result<Response>> list_descendants(const Plane&, Context& context) {
    auto page = parse_list_page(context.query());
    if (!page) co_return failure(std::move(page));
    auto above = find_here(context);
    if (!above) co_return failure(std::move(above));
    const tenant::World& world = context.world();
    const rbac::Scope& scope = (*above)->scope;
    std::vector<Listed> found;
    for (const ManagementGroup& group : world.management_groups()) {
        if (group.scope != scope && world.policy->covers(scope, group.scope)) {
            found.emplace_back(group.scope.key(), descendant_json(group));
        }
    }
    for (const tenant::Subscription& subscription : world.subscriptions) {
        const rbac::Scope member = scope_of(subscription);
        if (world.policy->covers(scope, member)) found.emplace_back(member.key(), descendant_json(subscription));
    }
    co_return page_of(context, *page, std::move(found), &key_of, &take_json);
}

} // namespace

std::vector<Route> management_group_routes(const std::shared_ptr<Plane>& plane) {
    const gateway::Permission* gives_roles = &plane->permission("Microsoft.Authorization/roleAssignments/write");
    std::vector<Route> out;
    const auto add = [&](std::string_view id, http::Method method, std::string_view pattern, EntryKind kind,
                         std::string_view verb, Task<Result<Response>> (*handler)(const Plane&, Context&),
                         std::string_view summary) {
        const gateway::Permission* permission = &plane->permission(fmt::format("{}/{}", management_groups_type, verb));
        Route route;
        route.id = id;
        route.method = method;
        route.pattern = pattern;
        route.protocol = gateway::Protocol::resource_manager;
        route.entry = {kind, {permission}, {}};
        // The same at the other ends of a move.
        if (method == http::Method::put || method == http::Method::patch) route.further = {permission, gives_roles};
        route.scope = pattern == collection ? std::string_view("/") : one;
        route.body_limit = method == http::Method::put || method == http::Method::patch ? largest_body : 0;
        route.handler = [plane, handler](Context& context) { return handler(*plane, context); };
        route.summary = summary;
        out.push_back(std::move(route));
    };
    add("arm.managementGroup.put", http::Method::put, one, EntryKind::filter, "write", control_plane::put,
        "Creates a management group in another one, or changes and moves it");
    add("arm.managementGroup.get", http::Method::get, one, EntryKind::all, "read", control_plane::get,
        "Reads a management group");
    add("arm.managementGroup.patch", http::Method::patch, one, EntryKind::all, "write", control_plane::patch,
        "Renames or moves a management group");
    add("arm.managementGroup.delete", http::Method::delete_, one, EntryKind::all, "delete", remove,
        "Deletes an empty management group");
    add("arm.managementGroup.list", http::Method::get, collection, EntryKind::filter, "read", list,
        "Lists the management groups that the caller may read");
    add("arm.managementGroup.descendants", http::Method::get,
        "/providers/Microsoft.Management/managementGroups/{group}/descendants", EntryKind::all, "descendants/read",
        list_descendants, "Lists the groups and subscriptions in a management group, at any depth");
    return out;
}

} // namespace berth::control_plane
