#include "tenant/deny_assignment_store.hpp"

#include "tenant/columns.hpp"
#include "tenant/scope_range.hpp"

#include "base/strict_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace berth::tenant {
namespace {

using rbac::DeniedPrincipal;
using rbac::DenyAssignment;
using storage::Rows;
using storage::Session;

#define BERTH_DENY_ASSIGNMENT_COLUMNS                                                                                          \
    "id, name, description, permissions, scope, does_not_apply_to_child_scopes, principals, excluded_principals, "             \
    "system_protected, created_at, created_by, updated_at, updated_by"

Result<std::vector<DeniedPrincipal>> principals_column(const Rows& rows, int column) {
    auto json = json_column(rows, column, "principals of a deny assignment");
    if (!json) return failure(std::move(json));
    std::vector<DeniedPrincipal> out;
    const auto* array = json->if_array();
    for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
        auto id = Guid::parse(find_string((*array)[i], "id").value_or(""));
        if (!id) {
            return failure(ErrorCode::internal, "The database holds a damaged value (principal of a deny assignment).");
        }
        out.push_back({std::move(*id), std::string(find_string((*array)[i], "type").value_or(""))});
    }
    return out;
}

std::string to_text(const std::vector<DeniedPrincipal>& principals) {
    boost::json::array out;
    for (const DeniedPrincipal& one : principals) out.push_back({{"id", one.id.value()}, {"type", one.type}});
    return boost::json::serialize(out);
}

Result<DenyAssignment> deny_assignment_of(const Rows& rows) {
    auto id = guid_column(rows, 0, "id of a deny assignment");
    if (!id) return failure(std::move(id));
    auto json = json_column(rows, 3, "permissions of a deny assignment");
    if (!json) return failure(std::move(json));
    auto permissions = rbac::parse_permissions(*json);
    if (!permissions) return failure(std::move(permissions));
    auto scope = scope_column(rows, 4, "scope of a deny assignment");
    if (!scope) return failure(std::move(scope));
    auto principals = principals_column(rows, 6);
    if (!principals) return failure(std::move(principals));
    auto excluded = principals_column(rows, 7);
    if (!excluded) return failure(std::move(excluded));
    return DenyAssignment{.id = std::move(*id),
                          .name = std::string(rows.text(1)),
                          .description = std::string(rows.text(2)),
                          .permissions = std::move(*permissions),
                          .scope = std::move(*scope),
                          .does_not_apply_to_child_scopes = rows.boolean(5),
                          .principals = std::move(*principals),
                          .excluded_principals = std::move(*excluded),
                          .system_protected = rows.boolean(8),
                          .created_at = rows.time(9),
                          .created_by = std::string(rows.text(10)),
                          .updated_at = rows.time(11),
                          .updated_by = std::string(rows.text(12))};
}

std::unexpected<Error> is_protected(const DenyAssignment& assignment) {
    return failure(ErrorCode::conflict,
                   fmt::format("The deny assignment '{}' is protected by the system and cannot be changed or deleted.",
                               assignment.id.value()));
}

Result<void> check_room(Session& session, const rbac::Scope& scope) {
    const ScopeRange range = counted_with(scope);
    auto count = integer(session,
                         "select (select count(*) from deny_assignments where scope_key = ?1) + "
                         "(select count(*) from deny_assignments where scope_key >= ?2 and scope_key < ?3)",
                         range.at, range.below, range.beyond);
    if (!count) return failure(std::move(count));
    if (*count < max_deny_assignments) return {};
    return failure(ErrorCode::limit_exceeded,
                   fmt::format("No more deny assignments can be created: there are {} already.", *count));
}

} // namespace

Result<void> put_deny_assignment(Session& session, const Guid& tenant, const DenyAssignment& assignment) {
    auto existing = find_deny_assignment(session, assignment.id);
    if (!existing) return failure(std::move(existing));
    if (*existing && (*existing)->system_protected) return is_protected(**existing);
    if (*existing && (*existing)->scope != assignment.scope) {
        return failure(ErrorCode::conflict,
                       fmt::format("The deny assignment '{}' is at the scope '{}' and stays there. Choose another id.",
                                   assignment.id.value(), (*existing)->scope.value()));
    }
    if (!*existing) {
        if (auto room = check_room(session, assignment.scope); !room) return room;
    }
    auto put = session.execute(
        "insert into deny_assignments(id, tenant_id, name, description, permissions, scope, scope_key, "
        "does_not_apply_to_child_scopes, principals, excluded_principals, system_protected, created_at, created_by, "
        "updated_at, updated_by) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) "
        "on conflict (id) do update set name = excluded.name, description = excluded.description, "
        "permissions = excluded.permissions, does_not_apply_to_child_scopes = excluded.does_not_apply_to_child_scopes, "
        "principals = excluded.principals, excluded_principals = excluded.excluded_principals, "
        "updated_at = excluded.updated_at, updated_by = excluded.updated_by",
        assignment.id.value(), tenant.value(), assignment.name, assignment.description,
        boost::json::serialize(rbac::to_json(assignment.permissions)), assignment.scope.value(), assignment.scope.key(),
        assignment.does_not_apply_to_child_scopes, to_text(assignment.principals), to_text(assignment.excluded_principals),
        assignment.system_protected, assignment.created_at, assignment.created_by, assignment.updated_at,
        assignment.updated_by);
    if (!put) return failure(std::move(put));
    return {};
}

Result<void> delete_deny_assignment(Session& session, const Guid& id) {
    auto existing = find_deny_assignment(session, id);
    if (!existing) return failure(std::move(existing));
    if (!*existing) {
        return failure(ErrorCode::not_found, fmt::format("The deny assignment '{}' is not found.", id.value()));
    }
    if ((*existing)->system_protected) return is_protected(**existing);
    auto deleted = session.execute("delete from deny_assignments where id = ?1", id.value());
    if (!deleted) return failure(std::move(deleted));
    return {};
}

Result<std::vector<DenyAssignment>> list_deny_assignments(Session& session) {
    return collect(session, "select " BERTH_DENY_ASSIGNMENT_COLUMNS " from deny_assignments order by scope_key, id",
                   deny_assignment_of);
}

Result<std::optional<DenyAssignment>> find_deny_assignment(Session& session, const Guid& id) {
    return find(session, "select " BERTH_DENY_ASSIGNMENT_COLUMNS " from deny_assignments where id = ?1", deny_assignment_of,
                id.value());
}

} // namespace berth::tenant
