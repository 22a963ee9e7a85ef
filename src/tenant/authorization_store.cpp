#include "tenant/authorization_store.hpp"

#include "base/encoding.hpp"
#include "tenant/administrators.hpp"
#include "tenant/columns.hpp"
#include "tenant/scope_range.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace berth::tenant {
namespace {

using rbac::RoleAssignment;
using rbac::RoleDefinition;
using storage::Rows;
using storage::Session;

#define BERTH_ROLE_DEFINITION_COLUMNS                                                                                          \
    "id, name, description, permissions, assignable_scopes, created_at, created_by, updated_at, updated_by"
#define BERTH_ROLE_ASSIGNMENT_COLUMNS                                                                                          \
    "id, scope, role_definition_id, principal_id, principal_type, condition, condition_version, description, created_at, "     \
    "created_by, updated_at, updated_by"

Result<RoleDefinition> role_of(const Rows& rows) {
    auto id = guid_column(rows, 0, "id of a role definition");
    if (!id) return failure(std::move(id));
    auto permissions_json = json_column(rows, 3, "permissions of a role definition");
    if (!permissions_json) return failure(std::move(permissions_json));
    auto permissions = rbac::parse_permissions(*permissions_json);
    if (!permissions) return failure(std::move(permissions));
    auto scopes = json_column(rows, 4, "assignable scopes of a role definition");
    if (!scopes) return failure(std::move(scopes));
    RoleDefinition role{.id = std::move(*id),
                        .name = std::string(rows.text(1)),
                        .built_in = false,
                        .description = std::string(rows.text(2)),
                        .permissions = std::move(*permissions),
                        .assignable_scopes = {},
                        .created_at = rows.time(5),
                        .created_by = std::string(rows.text(6)),
                        .updated_at = rows.time(7),
                        .updated_by = std::string(rows.text(8))};
    if (const auto* array = scopes->if_array()) {
        for (const auto& item : *array) {
            auto scope = rbac::Scope::parse(item.is_string() ? std::string_view(item.get_string()) : std::string_view());
            if (!scope) return failure(std::move(scope));
            role.assignable_scopes.push_back(std::move(*scope));
        }
    }
    return role;
}

// A condition that cannot be read is kept as one that never holds: it grants too little rather than too much.
rbac::ConditionPointer condition_of(const std::optional<std::string>& text) {
    if (!text) return nullptr;
    auto parsed = rbac::Condition::parse(*text);
    return parsed ? std::move(*parsed) : rbac::Condition::never(*text);
}

std::optional<std::string> text_of(const rbac::ConditionPointer& condition) {
    if (!condition) return std::nullopt;
    return condition->text();
}

// The one version there is.
std::optional<std::string> version_of(const rbac::ConditionPointer& condition) {
    if (!condition) return std::nullopt;
    return "2.0";
}

Result<RoleAssignment> assignment_of(const Rows& rows) {
    auto id = guid_column(rows, 0, "id of a role assignment");
    if (!id) return failure(std::move(id));
    auto scope = scope_column(rows, 1, "scope of a role assignment");
    if (!scope) return failure(std::move(scope));
    auto role = guid_column(rows, 2, "role of a role assignment");
    if (!role) return failure(std::move(role));
    auto principal = guid_column(rows, 3, "principal of a role assignment");
    if (!principal) return failure(std::move(principal));
    return RoleAssignment{.id = std::move(*id),
                          .scope = std::move(*scope),
                          .role_definition = std::move(*role),
                          .principal = std::move(*principal),
                          .principal_type = std::string(rows.text(4)),
                          .condition = condition_of(rows.optional_text(5)),
                          .description = rows.optional_text(7),
                          .created_at = rows.time(8),
                          .created_by = std::string(rows.text(9)),
                          .updated_at = rows.time(10),
                          .updated_by = std::string(rows.text(11))};
}

Result<void> check_room_for_assignment(Session& session, const rbac::Scope& scope) {
    const ScopeRange range = counted_with(scope);
    auto count = integer(session,
                         "select (select count(*) from role_assignments where scope_key = ?1) + "
                         "(select count(*) from role_assignments where scope_key >= ?2 and scope_key < ?3)",
                         range.at, range.below, range.beyond);
    if (!count) return failure(std::move(count));
    const bool above = range.below.empty();
    if (*count < (above ? max_role_assignments_above : max_role_assignments)) return {};
    return failure(ErrorCode::limit_exceeded, "No more role assignments can be created.");
}

// Of a change to this role: nothing to lose where the role administers nothing.
Result<AdministeredSubscriptions> administered_through(Session& session, const Guid& role) {
    auto administers = role_administers(session, role);
    if (!administers) return failure(std::move(administers));
    if (!*administers) return AdministeredSubscriptions();
    return read_administered(session);
}

Result<AdministeredSubscriptions> administered_through(Session& session, const RoleAssignment& assignment) {
    const auto kind = assignment.scope.kind();
    const bool at_subscription_or_above =
        kind == rbac::ScopeKind::root || kind == rbac::ScopeKind::management_group || kind == rbac::ScopeKind::subscription;
    if (!at_subscription_or_above || assignment.condition) return AdministeredSubscriptions();
    return administered_through(session, assignment.role_definition);
}

} // namespace

Result<void> put_role_definition(Session& session, const Guid& tenant, const RoleDefinition& role) {
    if (rbac::find_built_in_role(role.id) != nullptr) {
        return failure(ErrorCode::conflict,
                       fmt::format("'{}' is the id of a built-in role, which cannot be changed.", role.id.value()));
    }
    const std::string name_key = to_lower(role.name);
    auto taken = exists(session, "select 1 from role_definitions where tenant_id = ?1 and name_key = ?2 and id <> ?3",
                        tenant.value(), name_key, role.id.value());
    if (!taken) return failure(std::move(taken));
    if (*taken || rbac::find_built_in_role(std::string_view(role.name)) != nullptr) {
        return failure(ErrorCode::role_definition_name_exists,
                       "A role definition cannot be updated with a name that already exists.");
    }
    auto known = exists(session, "select 1 from role_definitions where id = ?1", role.id.value());
    if (!known) return failure(std::move(known));
    if (!*known) {
        auto count = integer(session, "select count(*) from role_definitions where tenant_id = ?1", tenant.value());
        if (!count) return failure(std::move(count));
        if (*count >= max_role_definitions) {
            return failure(ErrorCode::limit_exceeded,
                           "Role definition limit exceeded. No more role definitions can be created.");
        }
    }
    auto before = *known ? administered_through(session, role.id) : Result<AdministeredSubscriptions>();
    if (!before) return failure(std::move(before));
    boost::json::array scopes;
    for (const rbac::Scope& scope : role.assignable_scopes) scopes.emplace_back(scope.value());
    auto put = session.execute(
        "insert into role_definitions(id, tenant_id, name, name_key, description, permissions, assignable_scopes, "
        "created_at, created_by, updated_at, updated_by) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "
        "on conflict (id) do update set name = excluded.name, name_key = excluded.name_key, "
        "description = excluded.description, permissions = excluded.permissions, "
        "assignable_scopes = excluded.assignable_scopes, updated_at = excluded.updated_at, "
        "updated_by = excluded.updated_by",
        role.id.value(), tenant.value(), role.name, name_key, role.description,
        boost::json::serialize(rbac::to_json(role.permissions)), boost::json::serialize(scopes), role.created_at,
        role.created_by, role.updated_at, role.updated_by);
    if (!put) return failure(std::move(put));
    return expect_administered(session, *before);
}

Result<void> delete_role_definition(Session& session, const Guid& id) {
    auto used = exists(session, "select 1 from role_assignments where role_definition_id = ?1 limit 1", id.value());
    if (!used) return failure(std::move(used));
    if (*used) {
        return failure(
            ErrorCode::role_definition_in_use,
            fmt::format("There are existing role assignments referencing role '{}'. Delete them first.", id.value()));
    }
    auto deleted = session.execute("delete from role_definitions where id = ?1", id.value());
    if (!deleted) return failure(std::move(deleted));
    if (*deleted == 0) {
        return failure(ErrorCode::role_definition_not_found,
                       fmt::format("The specified role definition with ID '{}' does not exist.", id.value()));
    }
    return {};
}

Result<std::optional<RoleDefinition>> find_role_definition(Session& session, const Guid& id) {
    return find(session, "select " BERTH_ROLE_DEFINITION_COLUMNS " from role_definitions where id = ?1", role_of, id.value());
}

Result<std::vector<RoleDefinition>> list_role_definitions(Session& session) {
    return collect(session, "select " BERTH_ROLE_DEFINITION_COLUMNS " from role_definitions order by name_key, id", role_of);
}

Result<void> put_role_assignment(Session& session, const Guid& tenant, const RoleAssignment& assignment) {
    auto existing = find_role_assignment(session, assignment.id);
    if (!existing) return failure(std::move(existing));
    if (*existing) {
        const RoleAssignment& old = **existing;
        if (old.scope != assignment.scope || old.principal != assignment.principal ||
            old.role_definition != assignment.role_definition) {
            return failure(ErrorCode::role_assignment_update_not_permitted,
                           "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.");
        }
        auto before = administered_through(session, old);
        if (!before) return failure(std::move(before));
        auto updated = session.execute("update role_assignments set condition = ?2, condition_version = ?3, "
                                       "description = ?4, updated_at = ?5, updated_by = ?6 where id = ?1",
                                       assignment.id.value(), text_of(assignment.condition), version_of(assignment.condition),
                                       assignment.description, assignment.updated_at, assignment.updated_by);
        if (!updated) return failure(std::move(updated));
        return expect_administered(session, *before);
    }

    auto same = collect(
        session, "select id from role_assignments where scope_key = ?1 and role_definition_id = ?2 and principal_id = ?3",
        [](const Rows& rows) { return guid_column(rows, 0, "id of a role assignment"); }, assignment.scope.key(),
        assignment.role_definition.value(), assignment.principal.value());
    if (!same) return failure(std::move(same));
    if (!same->empty()) {
        // The words before the id are what az looks for.
        return failure(ErrorCode::role_assignment_exists,
                       fmt::format("The role assignment already exists. The ID of the existing role assignment is {}.",
                                   same->front().value()),
                       boost::json::value(same->front().value()));
    }
    if (auto room = check_room_for_assignment(session, assignment.scope); !room) return room;
    auto inserted = session.execute(
        "insert into role_assignments(id, tenant_id, scope, scope_key, role_definition_id, principal_id, "
        "principal_type, condition, condition_version, description, created_at, created_by, updated_at, updated_by) "
        "values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        assignment.id.value(), tenant.value(), assignment.scope.value(), assignment.scope.key(),
        assignment.role_definition.value(), assignment.principal.value(), assignment.principal_type,
        text_of(assignment.condition), version_of(assignment.condition), assignment.description, assignment.created_at,
        assignment.created_by, assignment.updated_at, assignment.updated_by);
    if (!inserted) return failure(std::move(inserted));
    return {};
}

Result<void> delete_role_assignment(Session& session, const Guid& id) {
    auto existing = find_role_assignment(session, id);
    if (!existing) return failure(std::move(existing));
    if (!*existing) {
        return failure(ErrorCode::not_found, fmt::format("The role assignment '{}' is not found.", id.value()));
    }
    auto before = administered_through(session, **existing);
    if (!before) return failure(std::move(before));
    auto deleted = session.execute("delete from role_assignments where id = ?1", id.value());
    if (!deleted) return failure(std::move(deleted));
    return expect_administered(session, *before);
}

Result<std::optional<RoleAssignment>> find_role_assignment(Session& session, const Guid& id) {
    return find(session, "select " BERTH_ROLE_ASSIGNMENT_COLUMNS " from role_assignments where id = ?1", assignment_of,
                id.value());
}

Result<std::vector<RoleAssignment>> list_role_assignments(Session& session) {
    return collect(session,
                   "select " BERTH_ROLE_ASSIGNMENT_COLUMNS " from role_assignments "
                   "order by scope_key, role_definition_id, principal_id",
                   assignment_of);
}

} // namespace berth::tenant
