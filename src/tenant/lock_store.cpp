#include "tenant/lock_store.hpp"

#include "base/encoding.hpp"
#include "tenant/columns.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace berth::tenant {
namespace {

using storage::Rows;
using storage::Session;

#define BERTH_LOCK_COLUMNS "id, name, scope, level, notes, owners, created_at, created_by, updated_at, updated_by"

Result<ResourceLock> lock_of(const Rows& rows) {
    auto id = guid_column(rows, 0, "id of a lock");
    if (!id) return failure(std::move(id));
    auto scope = scope_column(rows, 2, "scope of a lock");
    if (!scope) return failure(std::move(scope));
    const auto level = parse_lock_level(rows.text(3));
    auto owners = json_column(rows, 5, "owners of a lock");
    if (!owners) return failure(std::move(owners));
    if (!level || !owners->is_array()) {
        return failure(ErrorCode::internal, "The database holds a damaged value (level or owners of a lock).");
    }
    return ResourceLock{.id = std::move(*id),
                        .name = std::string(rows.text(1)),
                        .scope = std::move(*scope),
                        .level = *level,
                        .notes = rows.optional_text(4),
                        .owners = std::move(owners->get_array()),
                        .created_at = rows.time(6),
                        .created_by = std::string(rows.text(7)),
                        .updated_at = rows.time(8),
                        .updated_by = std::string(rows.text(9))};
}

} // namespace

std::string_view to_text(LockLevel level) noexcept { return level == LockLevel::read_only ? "ReadOnly" : "CanNotDelete"; }

std::optional<LockLevel> parse_lock_level(std::string_view text) noexcept {
    for (const LockLevel level : {LockLevel::can_not_delete, LockLevel::read_only}) {
        if (equals_ignoring_case(text, to_text(level))) return level;
    }
    return std::nullopt;
}

Result<ResourceLock> put_lock(Session& session, const Guid& tenant, const ResourceLock& lock) {
    auto existing = find_lock(session, lock.scope, lock.name);
    if (!existing) return failure(std::move(existing));
    if (!*existing) {
        auto count = integer(session, "select count(*) from resource_locks where scope_key = ?1", lock.scope.key());
        if (!count) return failure(std::move(count));
        if (*count >= max_locks_at_scope) {
            return failure(ErrorCode::limit_exceeded,
                           fmt::format("There are {} locks at '{}', and no more can be made there. Delete one first.", *count,
                                       lock.scope.value()));
        }
    }
    auto put = session.execute(
        "insert into resource_locks(id, tenant_id, name, name_key, scope, scope_key, level, notes, owners, created_at, "
        "created_by, updated_at, updated_by) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) "
        "on conflict (scope_key, name_key) do update set level = excluded.level, notes = excluded.notes, "
        "owners = excluded.owners, updated_at = excluded.updated_at, updated_by = excluded.updated_by",
        lock.id.value(), tenant.value(), lock.name, to_lower(lock.name), lock.scope.value(), lock.scope.key(),
        to_text(lock.level), lock.notes, boost::json::serialize(lock.owners), lock.created_at, lock.created_by, lock.updated_at,
        lock.updated_by);
    if (!put) return failure(std::move(put));
    if (!*existing) return lock;
    ResourceLock changed = lock;
    changed.id = (*existing)->id;
    changed.name = (*existing)->name;
    changed.scope = (*existing)->scope;
    changed.created_at = (*existing)->created_at;
    changed.created_by = (*existing)->created_by;
    return changed;
}

Result<std::optional<ResourceLock>> find_lock(Session& session, const rbac::Scope& scope, std::string_view name) {
    return find(session, "select " BERTH_LOCK_COLUMNS " from resource_locks where scope_key = ?1 and name_key = ?2", lock_of,
                scope.key(), to_lower(name));
}

Result<std::optional<ResourceLock>> delete_lock(Session& session, const rbac::Scope& scope, std::string_view name) {
    auto existing = find_lock(session, scope, name);
    if (!existing || !*existing) return existing;
    auto deleted = session.execute("delete from resource_locks where id = ?1", (*existing)->id.value());
    if (!deleted) return failure(std::move(deleted));
    return existing;
}

Result<std::vector<ResourceLock>> list_locks(Session& session) {
    return collect(session, "select " BERTH_LOCK_COLUMNS " from resource_locks order by scope_key, name_key", lock_of);
}

} // namespace berth::tenant
