#include "control_plane/role_definitions.hpp"

#include "base/encoding.hpp"
#include "control_plane/authorization_ids.hpp"
#include "control_plane/errors.hpp"
#include "control_plane/paging.hpp"
#include "control_plane/role_definition_json.hpp"
#include "control_plane/role_rules.hpp"
#include "control_plane/scoped_routes.hpp"
#include "gateway/context.hpp"
#include "gateway/filter.hpp"
#include "gateway/response.hpp"
#include "storage/events.hpp"
#include "tenant/authorization_store.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace berth::control_plane {
namespace {

using gateway::Context;
using http::Response;
using rbac::RoleDefinition;
using storage::Session;

constexpr std::uint64_t largest_role = std::uint64_t{1} << 20;

std::unexpected<Error> unknown_role(std::string_view id) {
    return failure(ErrorCode::role_definition_not_found,
                   fmt::format("The specified role definition with ID '{}' does not exist.", id));
}

Result<Guid> id_of(const Context& context) {
    const auto id = Guid::parse(context.parameter("id"));
    if (id) return *id;
    return arm_failure(ErrorCode::invalid_parameter, "InvalidRoleDefinitionId",
                       fmt::format("The role definition ID '{}' is not valid. The role definition ID must be a GUID.",
                                   context.parameter("id")));
}

// Whether a role belongs to what can be seen at a scope: it can be assigned there or, with `below`, somewhere below.
bool is_visible(const Context& context, const RoleDefinition& role, bool below) {
    const auto& policy = *context.world().policy;
    return role.built_in || std::ranges::any_of(role.assignable_scopes, [&](const rbac::Scope& scope) {
               return policy.covers(scope, context.scope()) || (below && policy.covers(context.scope(), scope));
           });
}

// Writing or deleting a role takes the right at every scope where it can be assigned.
Result<void> require_everywhere(const tenant::World& world, const Context& context, const RoleDefinition& role) {
    const gateway::Permission& permission = *context.route().entry.permissions.front();
    for (const rbac::Scope& scope : role.assignable_scopes) {
        auto allowed = context.require_at(world, permission, scope);
        if (allowed) continue;
        return linked_refusal(context, permission.name, permission.name, scope, allowed.error());
    }
    return {};
}

// A role cannot leave a scope while it is assigned there.
Result<void> check_assigned_within(const tenant::World& world, const RoleDefinition& role) {
    const auto& policy = *world.policy;
    for (const rbac::RoleAssignment& assignment : policy.assignments()) {
        if (assignment.role_definition != role.id) continue;
        const bool stays = std::ranges::any_of(
            role.assignable_scopes, [&](const rbac::Scope& scope) { return policy.covers(scope, assignment.scope); });
        if (stays) continue;
        return failure(ErrorCode::role_definition_in_use,
                       fmt::format("There are existing role assignments referencing role '{}' at '{}', which would no longer "
                                   "be one of its assignable scopes. Delete them first.",
                                   role.id.value(), assignment.scope.value()));
    }
    return {};
}

// The same when it is written, for the role as it is then and as it shall be: somebody may have made or widened it
// meanwhile, or taken the right away.
Result<void> require_in_transaction(Session& session, const Context& context, const Guid& id, const RoleDefinition* next) {
    auto world = context.world_in(session);
    if (!world) return failure(std::move(world));
    if (const RoleDefinition* role = (*world)->policy->find_role(id)) {
        if (auto allowed = require_everywhere(**world, context, *role); !allowed) return allowed;
    }
    if (next == nullptr) return {};
    if (auto allowed = require_everywhere(**world, context, *next); !allowed) return allowed;
    return check_assigned_within(**world, *next);
}

// The store's error with the code that Azure has for definitions.
Error as_azure(Error error) {
    if (error.code == ErrorCode::limit_exceeded) error.protocol_code = "RoleDefinitionLimitExceeded";
    return error;
}

Task<Result<Response>> put(const Plane& plane, Context& context) {
    auto id = id_of(context);
    if (!id) co_return failure(std::move(id));
    auto json = co_await context.json_body();
    if (!json) co_return failure(std::move(json));
    auto role = parse_role_definition(*json, *id);
    if (!role) co_return failure(std::move(role));
    if (rbac::find_built_in_role(*id) != nullptr) {
        co_return arm_failure(ErrorCode::conflict, "RoleDefinitionCannotBeUpdated",
                              fmt::format("'{}' is the id of a built-in role, which cannot be changed. Make a custom role "
                                          "with an id of its own.",
                                          id->value()));
    }
    if (auto known = check_known_operations(*role); !known) co_return failure(std::move(known));
    if (auto places = check_assignable_scopes(context.world(), *role); !places) co_return failure(std::move(places));
    if (auto allowed = require_everywhere(context.world(), context, *role); !allowed) co_return failure(std::move(allowed));
    const RoleDefinition* before = context.world().policy->find_role(*id);
    if (before != nullptr) {
        if (auto allowed = require_everywhere(context.world(), context, *before); !allowed)
            co_return failure(std::move(allowed));
        if (auto stays = check_assigned_within(context.world(), *role); !stays) co_return failure(std::move(stays));
    }
    role->created_at = before != nullptr ? before->created_at : context.now();
    role->created_by = before != nullptr ? before->created_by : context.actor();
    role->updated_at = context.now();
    role->updated_by = context.actor();
    const auto write = [&](Session& session) -> Result<void> {
        if (auto allowed = require_in_transaction(session, context, *id, &*role); !allowed) return allowed;
        auto written = tenant::put_role_definition(session, context.world().tenant_id, *role);
        if (!written) return std::unexpected(as_azure(std::move(written.error())));
        const auto event = context.event("roleDefinition.write", {{"id", id->value()}, {"roleName", role->name}});
        return storage::append_event(session, context.now(), event);
    };
    auto writing = plane.services.database.write(write);
    auto written = co_await std::move(writing);
    if (!written) co_return failure(std::move(written));
    auto refreshed = co_await plane.services.tenancy.refresh();
    if (!refreshed) co_return failure(std::move(refreshed));
    co_return gateway::json_response(201, to_json(context.world(), *role, context.scope()));
}

Task<Result<Response>> get(const Plane&, Context& context) {
    auto id = id_of(context);
    if (!id) co_return failure(std::move(id));
    const RoleDefinition* role = context.world().policy->find_role(*id);
    if (role == nullptr || !is_visible(context, *role, true)) co_return unknown_role(id->value());
    co_return gateway::json_response(200, to_json(context.world(), *role, context.scope()));
}

Task<Result<Response>> remove(const Plane& plane, Context& context) {
    auto id = id_of(context);
    if (!id) co_return failure(std::move(id));
    if (rbac::find_built_in_role(*id) != nullptr) {
        co_return arm_failure(ErrorCode::conflict, "RoleDefinitionCannotBeDeleted",
                              fmt::format("'{}' is a built-in role, which cannot be deleted.", id->value()));
    }
    const RoleDefinition* role = context.world().policy->find_role(*id);
    if (role == nullptr || !is_visible(context, *role, true)) co_return gateway::empty_response(204);
    if (auto allowed = require_everywhere(context.world(), context, *role); !allowed) co_return failure(std::move(allowed));
    const auto write = [&](Session& session) -> Result<bool> {
        auto allowed = require_in_transaction(session, context, *id, nullptr);
        if (!allowed) return failure(std::move(allowed));
        auto deleted = tenant::delete_role_definition(session, *id);
        if (!deleted && deleted.error().code == ErrorCode::role_definition_not_found) return false;
        if (!deleted) return failure(std::move(deleted));
        const auto event = context.event("roleDefinition.delete", {{"id", id->value()}, {"roleName", role->name}});
        if (auto left = storage::append_event(session, context.now(), event); !left) return failure(std::move(left));
        return true;
    };
    auto writing = plane.services.database.write(write);
    auto deleted = co_await std::move(writing);
    if (!deleted) co_return failure(std::move(deleted));
    if (!*deleted) co_return gateway::empty_response(204);
    auto refreshed = co_await plane.services.tenancy.refresh();
    if (!refreshed) co_return failure(std::move(refreshed));
    co_return gateway::json_response(200, to_json(context.world(), *role, context.scope()));
}

// What a `$filter` on role definitions asks for.
struct Wanted {
    std::optional<std::string> name;
    std::optional<std::string> type;
    bool below = false;
};

Result<Wanted> parse_wanted(const Context& context) {
    auto terms = gateway::parse_filter(context.query().find("$filter").value_or(""));
    if (!terms) return failure(std::move(terms));
    Wanted wanted;
    for (const auto& term : *terms) {
        if (term.is_equality("roleName"))
            wanted.name = term.values.front();
        else if (term.is_equality("type"))
            wanted.type = term.values.front();
        else if (term.is_call("atScopeAndBelow", 0))
            wanted.below = true;
        else if (!term.is_call("atScope", 0)) {
            return failure(ErrorCode::invalid_parameter,
                           fmt::format("The $filter condition {} is not supported: use roleName eq '…', type eq "
                                       "'BuiltInRole' or 'CustomRole', atScopeAndBelow().",
                                       term.to_string()));
        }
    }
    return wanted;
}

const std::string& key_of(const RoleDefinition* role) { return role->id.value(); }

Task<Result<Response>> list(const Plane&, Context& context) {
    auto wanted = parse_wanted(context);
    if (!wanted) co_return failure(std::move(wanted));
    auto page = parse_list_page(context.query());
    if (!page) co_return failure(std::move(page));
    const gateway::Permission& read = *context.route().entry.permissions.front();
    if (!context.may_at(read, context.scope())) co_return gateway::list_response({});

    std::vector<const RoleDefinition*> found;
    const auto take = [&](const RoleDefinition& role) {
        if (wanted->name && !equals_ignoring_case(*wanted->name, role.name)) return;
        if (wanted->type && !equals_ignoring_case(*wanted->type, role.built_in ? "BuiltInRole" : "CustomRole")) return;
        if (is_visible(context, role, wanted->below)) found.push_back(&role);
    };
    std::ranges::for_each(rbac::built_in_roles(), take);
    std::ranges::for_each(context.world().policy->custom_roles(), take);
    co_return page_of(context, *page, std::move(found), &key_of,
                      [&](const RoleDefinition* one) { return to_json(context.world(), *one, context.scope()); });
}

} // namespace

std::vector<gateway::Route> role_definition_routes(const std::shared_ptr<Plane>& plane) {
    constexpr std::string_view one = "providers/Microsoft.Authorization/roleDefinitions/{id}";
    return scoped_routes(plane, {{.id = "roleDefinition.put",
                                  .method = http::Method::put,
                                  .path = one,
                                  .operation = "Microsoft.Authorization/roleDefinitions/write",
                                  .again = true,
                                  .body_limit = largest_role,
                                  .handler = put,
                                  .summary = "Creates or replaces a custom role"},
                                 {.id = "roleDefinition.get",
                                  .path = one,
                                  .operation = "Microsoft.Authorization/roleDefinitions/read",
                                  .handler = get,
                                  .summary = "Reads a role definition"},
                                 {.id = "roleDefinition.delete",
                                  .method = http::Method::delete_,
                                  .path = one,
                                  .operation = "Microsoft.Authorization/roleDefinitions/delete",
                                  .again = true,
                                  .handler = remove,
                                  .summary = "Deletes a custom role"},
                                 {.id = "roleDefinition.list",
                                  .path = "providers/Microsoft.Authorization/roleDefinitions",
                                  .operation = "Microsoft.Authorization/roleDefinitions/read",
                                  .filters = true,
                                  .handler = list,
                                  .summary = "Lists the role definitions that can be assigned at a scope"}});
}

} // namespace berth::control_plane
