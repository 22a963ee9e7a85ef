#include "control_plane/deny_assignments.hpp"

#include "base/encoding.hpp"
#include "control_plane/authorization_ids.hpp"
#include "control_plane/deny_assignment_json.hpp"
#include "control_plane/errors.hpp"
#include "control_plane/extended_scope.hpp"
#include "control_plane/paging.hpp"
#include "control_plane/scope_reach.hpp"
#include "control_plane/scoped_routes.hpp"
#include "gateway/context.hpp"
#include "gateway/filter.hpp"
#include "gateway/response.hpp"
#include "storage/events.hpp"
#include "tenant/deny_assignment_store.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace berth::control_plane {
namespace {

using gateway::Context;
using http::Response;
using rbac::DenyAssignment;
using storage::Session;

constexpr std::uint64_t largest_assignment = std::uint64_t{256} << 10;

Result<Guid> id_of(const Context& context) {
    const auto id = Guid::parse(context.parameter("id"));
    if (id) return *id;
    return arm_failure(ErrorCode::invalid_parameter, "InvalidDenyAssignmentId",
                       fmt::format("The deny assignment ID '{}' is not valid. The deny assignment ID must be a GUID.",
                                   context.parameter("id")));
}

// A deny assignment belongs to one scope: at any other it is not there.
const DenyAssignment* find_here(const Context& context, const Guid& id) {
    const DenyAssignment* assignment = context.world().policy->find_deny_assignment(id);
    return assignment != nullptr && assignment->scope == context.scope() ? assignment : nullptr;
}

Result<void> check_name(const Context& context, const Guid& id, const std::string& name) {
    for (const DenyAssignment& other : context.world().policy->deny_assignments()) {
        if (other.id == id || other.scope != context.scope() || !equals_ignoring_case(other.name, name)) continue;
        return arm_failure(ErrorCode::already_exists, "DenyAssignmentWithSameNameExists",
                           fmt::format("The deny assignment '{}' at this scope has the name '{}' already. Names of deny "
                                       "assignments are unique in a scope.",
                                       other.id.value(), name));
    }
    return {};
}

storage::Event event_of(const Context& context, std::string kind, const DenyAssignment& assignment) {
    return context.event(std::move(kind),
                         {{"id", assignment.id.value()}, {"name", assignment.name}, {"scope", assignment.scope.value()}});
}

Error as_azure(Error error) {
    if (error.code == ErrorCode::limit_exceeded) error.protocol_code = "DenyAssignmentLimitExceeded";
    return error;
}

Task<Result<Response>> put(const Plane& plane, Context& context) {
    auto id = id_of(context);
    if (!id) co_return failure(std::move(id));
    auto json = co_await context.json_body();
    if (!json) co_return failure(std::move(json));
    auto body = parse_deny_assignment(*json, context.world());
    if (!body) co_return failure(std::move(body));
    if (auto free = check_name(context, *id, body->name); !free) co_return failure(std::move(free));

    DenyAssignment assignment{.id = *id,
                              .name = std::move(body->name),
                              .description = std::move(body->description),
                              .permissions = std::move(body->permissions),
                              .scope = context.scope(),
                              .does_not_apply_to_child_scopes = body->does_not_apply_to_child_scopes,
                              .principals = std::move(body->principals),
                              .excluded_principals = std::move(body->excluded_principals),
                              .system_protected = false,
                              .created_at = context.now(),
                              .created_by = context.actor(),
                              .updated_at = context.now(),
                              .updated_by = context.actor()};
    const auto write = [&](Session& session) -> Result<bool> {
        auto still = context.decide_in(session);
        if (!still) return failure(std::move(still));
        auto scope = find_extended_scope(session, context.world(), context.scope());
        if (!scope) return failure(std::move(scope));
        assignment.scope = std::move(*scope);
        auto before = tenant::find_deny_assignment(session, *id);
        if (!before) return failure(std::move(before));
        if (*before) {
            assignment.created_at = (*before)->created_at;
            assignment.created_by = (*before)->created_by;
        }
        auto written = tenant::put_deny_assignment(session, context.world().tenant_id, assignment);
        if (!written) return std::unexpected(as_azure(std::move(written.error())));
        auto left = storage::append_event(session, context.now(), event_of(context, "denyAssignment.write", assignment));
        if (!left) return failure(std::move(left));
        return !before->has_value();
    };
    auto writing = plane.services.database.write(write);
    auto created = co_await std::move(writing);
    if (!created) co_return failure(std::move(created));
    auto refreshed = co_await plane.services.tenancy.refresh();
    if (!refreshed) co_return failure(std::move(refreshed));
    co_return gateway::json_response(*created ? 201 : 200, to_json(assignment));
}

Task<Result<Response>> get(const Plane&, Context& context) {
    auto id = id_of(context);
    if (!id) co_return failure(std::move(id));
    const DenyAssignment* assignment = find_here(context, *id);
    if (assignment == nullptr) {
        co_return arm_failure(ErrorCode::not_found, "DenyAssignmentNotFound",
                              fmt::format("The deny assignment '{}' is not found.", id->value()));
    }
    co_return gateway::json_response(200, to_json(*assignment));
}

Task<Result<Response>> remove(const Plane& plane, Context& context) {
    auto id = id_of(context);
    if (!id) co_return failure(std::move(id));
    const DenyAssignment* assignment = find_here(context, *id);
    if (assignment == nullptr) co_return gateway::empty_response(204);
    const auto write = [&](Session& session) -> Result<bool> {
        auto still = context.decide_in(session);
        if (!still) return failure(std::move(still));
        auto deleted = tenant::delete_deny_assignment(session, *id);
        if (!deleted && deleted.error().code == ErrorCode::not_found) return false;
        if (!deleted) return failure(std::move(deleted));
        auto left = storage::append_event(session, context.now(), event_of(context, "denyAssignment.delete", *assignment));
        if (!left) return failure(std::move(left));
        return true;
    };
    auto writing = plane.services.database.write(write);
    auto deleted = co_await std::move(writing);
    if (!deleted) co_return failure(std::move(deleted));
    if (!*deleted) co_return gateway::empty_response(204);
    auto refreshed = co_await plane.services.tenancy.refresh();
    if (!refreshed) co_return failure(std::move(refreshed));
    co_return gateway::json_response(200, to_json(*assignment));
}

// What a `$filter` on deny assignments asks for: the forms for role assignments, and the name.
struct Wanted {
    bool at_scope = false;
    std::optional<std::string> name;
    std::optional<std::vector<Guid>> principals; // one of whom it must name
    bool or_everyone = false;
};

Result<Wanted> parse_wanted(const Context& context) {
    auto terms = gateway::parse_filter(context.query().find("$filter").value_or(""));
    if (!terms) return failure(std::move(terms));
    Wanted out;
    for (const auto& term : *terms) {
        if (term.is_call("atScope", 0)) {
            out.at_scope = true;
            continue;
        }
        if (term.is_equality("denyAssignmentName")) {
            out.name = term.values.front();
            continue;
        }
        const bool is_principal = term.is_equality("principalId");
        if ((!is_principal && !term.is_call("assignedTo", 1)) || out.principals) {
            return failure(ErrorCode::invalid_parameter,
                           fmt::format("The $filter condition {} is not supported here: use atScope(), denyAssignmentName eq "
                                       "'…', principalId eq '…' or assignedTo('…').",
                                       term.to_string()));
        }
        const auto id = Guid::parse(term.values.front());
        if (!id) {
            return failure(ErrorCode::invalid_parameter,
                           fmt::format("'{}' in the $filter is no object id.", term.values.front()));
        }
        out.principals.emplace();
        if (!is_principal) out.principals = context.world().policy->groups_of(*id);
        out.principals->push_back(*id);
        out.or_everyone = !is_principal;
    }
    return out;
}

const std::string& key_of(const DenyAssignment* assignment) { return assignment->id.value(); }

bool matches(const Wanted& wanted, const ScopeReach& reach, const DenyAssignment& assignment) {
    if (!reach.is_at_or_above(assignment.scope) && (wanted.at_scope || !reach.is_below(assignment.scope))) return false;
    if (wanted.name && !equals_ignoring_case(*wanted.name, assignment.name)) return false;
    return !wanted.principals || std::ranges::any_of(assignment.principals, [&](const rbac::DeniedPrincipal& principal) {
        if (principal.type == "SystemDefined") return wanted.or_everyone;
        return std::ranges::find(*wanted.principals, principal.id) != wanted.principals->end();
    });
}

Task<Result<Response>> list(const Plane&, Context& context) {
    auto wanted = parse_wanted(context);
    if (!wanted) co_return failure(std::move(wanted));
    auto page = parse_list_page(context.query());
    if (!page) co_return failure(std::move(page));
    const auto& policy = *context.world().policy;
    const ScopeReach reach(policy, context.scope());
    const gateway::Permission& read = *context.route().entry.permissions.front();
    std::vector<const DenyAssignment*> found;
    for (const DenyAssignment& assignment : policy.deny_assignments()) {
        if (matches(*wanted, reach, assignment) && context.may_at(read, assignment.scope)) found.push_back(&assignment);
    }
    co_return page_of(context, *page, std::move(found), &key_of, [](const DenyAssignment* one) { return to_json(*one); });
}

} // namespace

std::vector<gateway::Route> deny_assignment_routes(const std::shared_ptr<Plane>& plane) {
    constexpr std::string_view one = "providers/Microsoft.Authorization/denyAssignments/{id}";
    return scoped_routes(plane, {{.id = "denyAssignment.put",
                                  .method = http::Method::put,
                                  .path = one,
                                  .operation = "Microsoft.Authorization/denyAssignments/write",
                                  .body_limit = largest_assignment,
                                  .handler = put,
                                  .summary = "Takes actions away from principals at a scope"},
                                 {.id = "denyAssignment.get",
                                  .path = one,
                                  .operation = "Microsoft.Authorization/denyAssignments/read",
                                  .handler = get,
                                  .summary = "Reads a deny assignment"},
                                 {.id = "denyAssignment.delete",
                                  .method = http::Method::delete_,
                                  .path = one,
                                  .operation = "Microsoft.Authorization/denyAssignments/delete",
                                  .handler = remove,
                                  .summary = "Deletes a deny assignment"},
                                 {.id = "denyAssignment.list",
                                  .path = "providers/Microsoft.Authorization/denyAssignments",
                                  .operation = "Microsoft.Authorization/denyAssignments/read",
                                  .filters = true,
                                  .handler = list,
                                  .summary = "Lists the deny assignments that the caller may read"}});
}

} // namespace berth::control_plane
