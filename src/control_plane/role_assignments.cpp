#include "control_plane/role_assignments.hpp"

#include "control_plane/authorization_ids.hpp"
#include "control_plane/errors.hpp"
#include "control_plane/extended_scope.hpp"
#include "control_plane/paging.hpp"
#include "control_plane/role_assignment_filter.hpp"
#include "control_plane/role_assignment_json.hpp"
#include "control_plane/scoped_routes.hpp"
#include "gateway/context.hpp"
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
using rbac::RoleAssignment;
using storage::Session;

constexpr std::uint64_t largest_assignment = std::uint64_t{64} << 10;

Result<Guid> id_of(const Context& context) {
    const auto id = Guid::parse(context.parameter("id"));
    if (id) return *id;
    return arm_failure(ErrorCode::invalid_parameter, "InvalidRoleAssignmentId",
                       fmt::format("The role assignment ID '{}' is not valid. The role assignment ID must be a GUID.",
                                   context.parameter("id")));
}

// An assignment belongs to one scope: at any other it is not there, whatever the caller may do at that other one.
const RoleAssignment* find_here(const Context& context, const Guid& id) {
    const RoleAssignment* assignment = context.world().policy->find_assignment(id);
    return assignment != nullptr && assignment->scope == context.scope() ? assignment : nullptr;
}

// The type of the principal as the directory has it, or as the request says where the directory does not know it.
std::string_view type_for_conditions(const tenant::World& world, const RoleAssignmentBody& body) {
    if (const auto* principal = world.find_principal(body.principal)) return tenant::to_string(principal->kind);
    return body.principal_type ? std::string_view(*body.principal_type) : std::string_view();
}

Result<std::string> principal_type_of(const tenant::World& world, const RoleAssignmentBody& body) {
    const auto* principal = world.find_principal(body.principal);
    if (principal == nullptr) {
        // Naming the type says that the caller knows what they do: the principal may be known elsewhere, or later.
        if (body.principal_type) return *body.principal_type;
        return failure(ErrorCode::principal_not_found,
                       fmt::format("Principal {} does not exist in the directory {}. Check that you have the correct "
                                   "principal ID. If you are creating this principal and then immediately assigning a "
                                   "role, this error might be related to a replication delay. In this case, set the role "
                                   "assignment principalType property to a value, such as ServicePrincipal, User, or "
                                   "Group.  See https://aka.ms/docs-principaltype",
                                   body.principal.compact(), world.tenant_id.value()));
    }
    const std::string type(tenant::to_string(principal->kind));
    if (body.principal_type && *body.principal_type != type) {
        return arm_failure(ErrorCode::invalid_parameter, "UnmatchedPrincipalType",
                           fmt::format("The PrincipalId '{}' has type '{}' , which is different from specified "
                                       "PrincipalType '{}'.",
                                       body.principal.compact(), type, *body.principal_type));
    }
    return type;
}

Result<void> check_role(const tenant::World& world, const Context& context, const Guid& id) {
    const auto& policy = *world.policy;
    const auto* role = policy.find_role(id);
    if (role == nullptr) {
        return failure(ErrorCode::role_definition_not_found,
                       fmt::format("The specified role definition with ID '{}' does not exist.", id.value()));
    }
    if (role->built_in) return {};
    std::string scopes;
    for (const rbac::Scope& scope : role->assignable_scopes) {
        if (policy.covers(scope, context.scope())) return {};
        scopes += fmt::format("{}'{}'", scopes.empty() ? "" : ", ", scope.value());
    }
    return arm_failure(ErrorCode::invalid_parameter, "RoleDefinitionNotAssignableAtScope",
                       fmt::format("The role '{}' cannot be assigned at '{}': its assignable scopes are {}. Assign it at "
                                   "or below one of them, or add this scope to the role.",
                                   role->name, context.scope().value(), scopes));
}

// The store's errors with the codes that Azure has for assignments.
Error as_azure(Error error) {
    if (error.code == ErrorCode::limit_exceeded) error.protocol_code = "RoleAssignmentLimitExceeded";
    return error;
}

storage::Event event_of(const Context& context, std::string kind, const RoleAssignment& assignment) {
    boost::json::object detail{{"id", assignment.id.value()},
                               {"scope", assignment.scope.value()},
                               {"roleDefinition", assignment.role_definition.value()},
                               {"principal", assignment.principal.value()}};
    if (assignment.condition) detail["condition"] = assignment.condition->text();
    return context.event(std::move(kind), std::move(detail));
}

Task<Result<Response>> put(const Plane& plane, Context& context) {
    auto id = id_of(context);
    if (!id) co_return failure(std::move(id));
    auto json = co_await context.json_body();
    if (!json) co_return failure(std::move(json));
    auto body = parse_role_assignment(*json);
    if (!body) co_return failure(std::move(body));
    const rbac::AssignmentAttributes requested{.role_definition = body->role_definition,
                                               .principal = body->principal,
                                               .principal_type = type_for_conditions(context.world(), *body)};
    const gateway::Permission& permission = *context.route().entry.permissions.front();
    auto allowed = context.require_at(permission, context.scope(), {.requested_assignment = &requested});
    if (!allowed) co_return failure(std::move(allowed));
    if (auto assignable = check_role(context.world(), context, body->role_definition); !assignable) {
        co_return failure(std::move(assignable));
    }
    auto type = principal_type_of(context.world(), *body);
    if (!type) co_return failure(std::move(type));

    RoleAssignment assignment{.id = *id,
                              .scope = context.scope(),
                              .role_definition = body->role_definition,
                              .principal = body->principal,
                              .principal_type = std::move(*type),
                              .condition = body->condition,
                              .description = body->description,
                              .created_at = context.now(),
                              .created_by = context.actor(),
                              .updated_at = context.now(),
                              .updated_by = context.actor()};
    const auto write = [&](Session& session) -> Result<void> {
        // The right, and the role, may have been taken away meanwhile.
        auto world = context.decide_in(session, {.requested_assignment = &requested});
        if (!world) return failure(std::move(world));
        if (auto assignable = check_role(**world, context, body->role_definition); !assignable) return assignable;
        auto scope = find_extended_scope(session, context.world(), context.scope());
        if (!scope) return failure(std::move(scope));
        assignment.scope = std::move(*scope);
        auto written = tenant::put_role_assignment(session, context.world().tenant_id, assignment);
        if (!written) return std::unexpected(as_azure(std::move(written.error())));
        return storage::append_event(session, context.now(), event_of(context, "roleAssignment.write", assignment));
    };
    auto writing = plane.services.database.write(write);
    auto written = co_await std::move(writing);
    if (!written) co_return failure(std::move(written));
    auto refreshed = co_await plane.services.tenancy.refresh();
    if (!refreshed) co_return failure(std::move(refreshed));
    if (const RoleAssignment* before = find_here(context, *id)) {
        assignment.created_at = before->created_at;
        assignment.created_by = before->created_by;
    }
    co_return gateway::json_response(201, to_json(context.world(), assignment, context.scope()));
}

Task<Result<Response>> get(const Plane&, Context& context) {
    auto id = id_of(context);
    if (!id) co_return failure(std::move(id));
    const RoleAssignment* assignment = find_here(context, *id);
    if (assignment == nullptr) {
        co_return arm_failure(ErrorCode::not_found, "RoleAssignmentNotFound",
                              fmt::format("The role assignment '{}' is not found.", id->value()));
    }
    co_return gateway::json_response(200, to_json(context.world(), *assignment, context.scope()));
}

Task<Result<Response>> remove(const Plane& plane, Context& context) {
    auto id = id_of(context);
    if (!id) co_return failure(std::move(id));
    const RoleAssignment* assignment = find_here(context, *id);
    std::optional<rbac::AssignmentAttributes> existing;
    rbac::Attributes attributes;
    if (assignment != nullptr) {
        attributes.existing_assignment =
            &existing.emplace(assignment->role_definition, assignment->principal, assignment->principal_type);
    }
    auto allowed = context.require_at(*context.route().entry.permissions.front(), context.scope(), attributes);
    if (!allowed) co_return failure(std::move(allowed));
    if (assignment == nullptr) co_return gateway::empty_response(204);
    const auto write = [&](Session& session) -> Result<bool> {
        auto still = context.decide_in(session, attributes);
        if (!still) return failure(std::move(still));
        // Decided on what was here; another one of that name may have been made elsewhere meanwhile.
        auto found = tenant::find_role_assignment(session, *id);
        if (!found) return failure(std::move(found));
        if (!*found || (*found)->scope != assignment->scope) return false;
        auto deleted = tenant::delete_role_assignment(session, *id);
        if (!deleted && deleted.error().code == ErrorCode::not_found) return false;
        if (!deleted) return std::unexpected(as_azure(std::move(deleted.error())));
        auto left = storage::append_event(session, context.now(), event_of(context, "roleAssignment.delete", *assignment));
        if (!left) return failure(std::move(left));
        return true;
    };
    auto writing = plane.services.database.write(write);
    auto deleted = co_await std::move(writing);
    if (!deleted) co_return failure(std::move(deleted));
    if (!*deleted) co_return gateway::empty_response(204);
    auto refreshed = co_await plane.services.tenancy.refresh();
    if (!refreshed) co_return failure(std::move(refreshed));
    co_return gateway::json_response(200, to_json(context.world(), *assignment, context.scope()));
}

const std::string& key_of(const RoleAssignment* assignment) { return assignment->id.value(); }

Task<Result<Response>> list(const Plane&, Context& context) {
    const auto& policy = *context.world().policy;
    auto filter = RoleAssignmentFilter::parse(context.query().find("$filter").value_or(""), policy, context.scope());
    if (!filter) co_return failure(std::move(filter));
    auto page = parse_list_page(context.query());
    if (!page) co_return failure(std::move(page));
    const gateway::Permission& read = *context.route().entry.permissions.front();
    std::vector<const RoleAssignment*> found;
    for (const RoleAssignment& assignment : policy.assignments()) {
        if (filter->matches(assignment) && context.may_at(read, assignment.scope)) found.push_back(&assignment);
    }
    co_return page_of(context, *page, std::move(found), &key_of,
                      [&](const RoleAssignment* one) { return to_json(context.world(), *one, context.scope()); });
}

// The permission objects that the caller has at a scope: everybody may ask for their own.
Task<Result<Response>> list_permissions(const Plane&, Context& context) {
    boost::json::array items;
    if (context.caller().principal) {
        items = rbac::to_json(context.world().policy->permissions_at(context.caller().subject(), context.scope()));
    }
    co_return gateway::list_response(std::move(items));
}

} // namespace

std::vector<gateway::Route> role_assignment_routes(const std::shared_ptr<Plane>& plane) {
    constexpr std::string_view one = "providers/Microsoft.Authorization/roleAssignments/{id}";
    return scoped_routes(plane, {{.id = "roleAssignment.put",
                                  .method = http::Method::put,
                                  .path = one,
                                  .operation = "Microsoft.Authorization/roleAssignments/write",
                                  .deferred = true,
                                  .body_limit = largest_assignment,
                                  .handler = put,
                                  .summary = "Gives a principal a role at a scope"},
                                 {.id = "roleAssignment.get",
                                  .path = one,
                                  .operation = "Microsoft.Authorization/roleAssignments/read",
                                  .handler = get,
                                  .summary = "Reads a role assignment"},
                                 {.id = "roleAssignment.delete",
                                  .method = http::Method::delete_,
                                  .path = one,
                                  .operation = "Microsoft.Authorization/roleAssignments/delete",
                                  .deferred = true,
                                  .handler = remove,
                                  .summary = "Takes a role away"},
                                 {.id = "roleAssignment.list",
                                  .path = "providers/Microsoft.Authorization/roleAssignments",
                                  .operation = "Microsoft.Authorization/roleAssignments/read",
                                  .filters = true,
                                  .handler = list,
                                  .summary = "Lists the role assignments that the caller may read"},
                                 {.id = "permission.list",
                                  .path = "providers/Microsoft.Authorization/permissions",
                                  .operation = "Microsoft.Authorization/permissions/read",
                                  .filters = true,
                                  .handler = list_permissions,
                                  .summary = "Lists what the caller may do at a scope"}});
}

} // namespace berth::control_plane
