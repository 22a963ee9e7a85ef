#include "tenant/managed_identity_store.hpp"

#include "tenant/columns.hpp"
#include "tenant/world_rows.hpp"

namespace berth::tenant {
namespace {

using storage::Rows;
using storage::Session;

Result<std::optional<Guid>> find_id(Session& session, const Guid& resource) {
    return find(
        session, "select id from principals where managed_by = ?1",
        [](const Rows& rows) { return guid_column(rows, 0, "id of a managed identity"); }, resource.value());
}

} // namespace

Result<Principal> create_managed_identity(Session& session, const Guid& tenant, const Guid& resource,
                                          const std::string& display_name, Timestamp now) {
    Principal principal{.id = Guid::random(),
                        .kind = PrincipalKind::service_principal,
                        .display_name = display_name,
                        .application_id = Guid::random(),
                        .user_principal_name = std::nullopt,
                        .managed_resource = ""};
    auto inserted = session.execute(
        "insert into principals(id, tenant_id, kind, display_name, application_id, user_principal_name, enabled, "
        "properties, created_at, managed_by) values (?1, ?2, ?3, ?4, ?5, null, 1, '{}', ?6, ?7)",
        principal.id.value(), tenant.value(), to_string(principal.kind), principal.display_name,
        principal.application_id->value(), now, resource.value());
    if (!inserted) return failure(std::move(inserted));
    return principal;
}

Result<std::optional<Principal>> find_managed_identity(Session& session, const Guid& resource) {
    auto id = find_id(session, resource);
    if (!id) return failure(std::move(id));
    if (!*id) return std::optional<Principal>();
    return read_principal(session, **id);
}

Result<void> delete_managed_identity(Session& session, const Guid& resource) {
    auto id = find_id(session, resource);
    if (!id) return failure(std::move(id));
    if (!*id) return {};
    for (const std::string_view sql :
         {"delete from credentials where owner_id = ?1", "delete from group_members where member_id = ?1",
          "delete from directory_roles where principal_id = ?1", "delete from principals where id = ?1"}) {
        if (auto done = session.execute(sql, (*id)->value()); !done) return failure(std::move(done));
    }
    return {};
}

} // namespace berth::tenant
