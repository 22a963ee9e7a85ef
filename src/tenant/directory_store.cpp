#include "tenant/directory_store.hpp"

#include "base/encoding.hpp"
#include "tenant/columns.hpp"
#include "tenant/world_rows.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace berth::tenant {
namespace {

using storage::Rows;
using storage::Session;

std::unexpected<Error> no_such_object(const Guid& id) {
    return failure(ErrorCode::not_found, fmt::format("The directory has no object with the id '{}'.", id.value()));
}

Result<Application> application_of(const Rows& rows) {
    auto id = guid_column(rows, 0, "id of an application");
    if (!id) return failure(std::move(id));
    auto application_id = guid_column(rows, 1, "client id of an application");
    if (!application_id) return failure(std::move(application_id));
    auto properties = json_object_column(rows, 4, "properties of an application");
    if (!properties) return failure(std::move(properties));
    return Application{std::move(*id), std::move(*application_id), std::string(rows.text(2)), rows.time(3),
                       std::move(*properties)};
}

Result<void> insert_principal(Session& session, const Guid& tenant, const Principal& principal, Timestamp now) {
    const std::optional<std::string> application =
        principal.application_id ? std::optional(principal.application_id->value()) : std::nullopt;
    auto inserted = session.execute(
        "insert into principals(id, tenant_id, kind, display_name, application_id, user_principal_name, enabled, "
        "properties, created_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        principal.id.value(), tenant.value(), to_string(principal.kind), principal.display_name, application,
        principal.user_principal_name, principal.enabled, "{}", now);
    if (!inserted) return failure(std::move(inserted));
    return {};
}

Result<void> check_user_name_is_free(Session& session, const std::string& name) {
    auto taken = exists(session, "select 1 from principals where user_principal_name = ?1", name);
    if (!taken) return failure(std::move(taken));
    if (!*taken) return {};
    return failure(ErrorCode::already_exists, fmt::format("A user with the name '{}' exists already.", name));
}

Result<bool> has_principal(Session& session, const Guid& id) {
    return exists(session, "select 1 from principals where id = ?1", id.value());
}

} // namespace

Result<Application> create_application(Session& session, const Guid& tenant, const std::string& display_name, Timestamp now) {
    Application application{Guid::random(), Guid::random(), display_name, now, {}};
    auto inserted =
        session.execute("insert into applications(id, tenant_id, application_id, display_name, properties, "
                        "created_at) values (?1, ?2, ?3, ?4, ?5, ?6)",
                        application.id.value(), tenant.value(), application.application_id.value(), display_name, "{}", now);
    if (!inserted) return failure(std::move(inserted));
    return application;
}

Result<Application> read_application(Session& session, const Guid& id) {
    auto found =
        collect(session, "select id, application_id, display_name, created_at, properties from applications where id = ?1",
                application_of, id.value());
    if (!found) return failure(std::move(found));
    if (found->empty()) return no_such_object(id);
    return std::move(found->front());
}

Result<std::optional<Application>> find_application(Session& session, const Guid& application_id) {
    auto found = collect(
        session, "select id, application_id, display_name, created_at, properties from applications where application_id = ?1",
        application_of, application_id.value());
    if (!found) return failure(std::move(found));
    if (found->empty()) return std::optional<Application>();
    return std::optional(std::move(found->front()));
}

Result<std::vector<Application>> list_applications(Session& session) {
    return collect(session, "select id, application_id, display_name, created_at, properties from applications order by id",
                   application_of);
}

Result<void> rename_application(Session& session, const Guid& id, const std::string& display_name) {
    auto application = read_application(session, id);
    if (!application) return failure(std::move(application));
    auto renamed = session.execute("update applications set display_name = ?2 where id = ?1", id.value(), display_name);
    if (!renamed) return failure(std::move(renamed));
    auto followed = session.execute("update principals set display_name = ?2 where application_id = ?1",
                                    application->application_id.value(), display_name);
    if (!followed) return failure(std::move(followed));
    return {};
}

Result<void> delete_application(Session& session, const Guid& id) {
    auto application = read_application(session, id);
    if (!application) return failure(std::move(application));
    auto principals = collect(
        session, "select id from principals where application_id = ?1",
        [](const Rows& rows) { return guid_column(rows, 0, "id of a principal"); }, application->application_id.value());
    if (!principals) return failure(std::move(principals));
    for (const Guid& principal : *principals) {
        if (auto deleted = delete_principal(session, principal); !deleted) return deleted;
    }
    if (auto done = session.execute("delete from credentials where owner_id = ?1", id.value()); !done) {
        return failure(std::move(done));
    }
    if (auto done = session.execute("delete from applications where id = ?1", id.value()); !done) {
        return failure(std::move(done));
    }
    return {};
}

Result<Principal> create_service_principal(Session& session, const Guid& tenant, const Guid& application_id, Timestamp now) {
    auto application = find_application(session, application_id);
    if (!application) return failure(std::move(application));
    if (!*application) {
        return failure(ErrorCode::not_found,
                       fmt::format("The directory has no application with the client id '{}'.", application_id.value()));
    }
    auto taken = exists(session, "select 1 from principals where application_id = ?1", application_id.value());
    if (!taken) return failure(std::move(taken));
    if (*taken) {
        return failure(ErrorCode::already_exists,
                       fmt::format("The application '{}' has a service principal already.", application_id.value()));
    }
    Principal principal{.id = Guid::random(),
                        .kind = PrincipalKind::service_principal,
                        .display_name = (*application)->display_name,
                        .application_id = application_id,
                        .user_principal_name = std::nullopt};
    auto inserted = insert_principal(session, tenant, principal, now);
    if (!inserted) return failure(std::move(inserted));
    return principal;
}

Result<Principal> create_user(Session& session, const Guid& tenant, const std::string& display_name,
                              const std::string& user_principal_name, Timestamp now) {
    Principal principal{.id = Guid::random(),
                        .kind = PrincipalKind::user,
                        .display_name = display_name,
                        .application_id = std::nullopt,
                        .user_principal_name = to_lower(user_principal_name)};
    if (auto free = check_user_name_is_free(session, *principal.user_principal_name); !free) return failure(std::move(free));
    auto inserted = insert_principal(session, tenant, principal, now);
    if (!inserted) return failure(std::move(inserted));
    return principal;
}

Result<Principal> create_group(Session& session, const Guid& tenant, const std::string& display_name, Timestamp now) {
    Principal principal{.id = Guid::random(),
                        .kind = PrincipalKind::group,
                        .display_name = display_name,
                        .application_id = std::nullopt,
                        .user_principal_name = std::nullopt};
    auto inserted = insert_principal(session, tenant, principal, now);
    if (!inserted) return failure(std::move(inserted));
    return principal;
}

Result<void> update_principal(Session& session, const Guid& id, const std::optional<std::string>& display_name,
                              std::optional<bool> enabled) {
    auto changed = session.execute("update principals set display_name = coalesce(?2, display_name), "
                                   "enabled = coalesce(?3, enabled) where id = ?1",
                                   id.value(), display_name, enabled);
    if (!changed) return failure(std::move(changed));
    if (*changed == 0) return no_such_object(id);
    return {};
}

Result<void> rename_user(Session& session, const Guid& id, const std::string& user_principal_name) {
    const std::string name = to_lower(user_principal_name);
    auto same = exists(session, "select 1 from principals where id = ?1 and user_principal_name = ?2", id.value(), name);
    if (!same) return failure(std::move(same));
    if (*same) return {};
    if (auto free = check_user_name_is_free(session, name); !free) return free;
    auto changed =
        session.execute("update principals set user_principal_name = ?2 where id = ?1 and kind = 'User'", id.value(), name);
    if (!changed) return failure(std::move(changed));
    if (*changed == 0) return no_such_object(id);
    return {};
}

Result<void> set_security_attributes(Session& session, const Guid& id, const std::vector<rbac::SecurityAttribute>& attributes) {
    boost::json::object json;
    std::size_t values = 0;
    for (const rbac::SecurityAttribute& attribute : attributes) {
        json[attribute.name] = boost::json::array(attribute.values.begin(), attribute.values.end());
        values += attribute.values.size();
    }
    if (values > max_security_attribute_values) {
        return failure(ErrorCode::limit_exceeded, fmt::format("A principal can have {} values of custom security attributes.",
                                                              max_security_attribute_values));
    }
    auto changed = session.execute("update principals set security_attributes = ?2 where id = ?1", id.value(),
                                   boost::json::serialize(json));
    if (!changed) return failure(std::move(changed));
    if (*changed == 0) return no_such_object(id);
    return {};
}

Result<std::vector<rbac::SecurityAttribute>> read_security_attributes(Session& session, const Guid& id) {
    auto principal = read_principal(session, id);
    if (!principal) return failure(std::move(principal));
    if (!*principal) return no_such_object(id);
    return std::move((*principal)->security_attributes);
}

Result<void> delete_principal(Session& session, const Guid& id) {
    auto managed = exists(session, "select 1 from principals where id = ?1 and managed_by is not null", id.value());
    if (!managed) return failure(std::move(managed));
    if (*managed) {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("'{}' is the identity of a resource and ends with it: delete the resource.", id.value()));
    }
    auto deleted = session.execute("delete from principals where id = ?1", id.value());
    if (!deleted) return failure(std::move(deleted));
    if (*deleted == 0) return no_such_object(id);
    for (const std::string_view sql :
         {"delete from credentials where owner_id = ?1", "delete from group_members where group_id = ?1",
          "delete from group_members where member_id = ?1", "delete from directory_roles where principal_id = ?1"}) {
        if (auto done = session.execute(sql, id.value()); !done) return failure(std::move(done));
    }
    return {};
}

Result<void> add_group_member(Session& session, const Guid& group, const Guid& member) {
    auto is_group = exists(session, "select 1 from principals where id = ?1 and kind = 'Group'", group.value());
    if (!is_group) return failure(std::move(is_group));
    if (!*is_group) {
        return failure(ErrorCode::not_found, fmt::format("The directory has no group with the id '{}'.", group.value()));
    }
    auto known = has_principal(session, member);
    if (!known) return failure(std::move(known));
    if (!*known) return no_such_object(member);
    auto inserted = session.execute("insert into group_members(group_id, member_id) values (?1, ?2) on conflict do nothing",
                                    group.value(), member.value());
    if (!inserted) return failure(std::move(inserted));
    if (*inserted == 0) {
        return failure(ErrorCode::already_exists,
                       fmt::format("'{}' is a member of the group '{}' already.", member.value(), group.value()));
    }
    return {};
}

Result<void> remove_group_member(Session& session, const Guid& group, const Guid& member) {
    auto deleted =
        session.execute("delete from group_members where group_id = ?1 and member_id = ?2", group.value(), member.value());
    if (!deleted) return failure(std::move(deleted));
    if (*deleted == 0) {
        return failure(ErrorCode::not_found,
                       fmt::format("'{}' is no member of the group '{}'.", member.value(), group.value()));
    }
    return {};
}

Result<std::vector<Guid>> list_group_members(Session& session, const Guid& group) {
    return collect(
        session, "select member_id from group_members where group_id = ?1 order by member_id",
        [](const Rows& rows) { return guid_column(rows, 0, "id of a group's member"); }, group.value());
}

Result<bool> is_directory_role_held(Session& session, std::string_view role) {
    return exists(session,
                  "select 1 from directory_roles join principals on principals.id = directory_roles.principal_id "
                  "where directory_roles.role = ?1 and principals.enabled <> 0 limit 1",
                  role);
}

Result<void> add_directory_role(Session& session, const Guid& principal, const std::string& role) {
    auto known = has_principal(session, principal);
    if (!known) return failure(std::move(known));
    if (!*known) return no_such_object(principal);
    auto inserted = session.execute("insert into directory_roles(principal_id, role) values (?1, ?2) on conflict do nothing",
                                    principal.value(), role);
    if (!inserted) return failure(std::move(inserted));
    return {};
}

Result<void> remove_directory_role(Session& session, const Guid& principal, const std::string& role) {
    auto deleted =
        session.execute("delete from directory_roles where principal_id = ?1 and role = ?2", principal.value(), role);
    if (!deleted) return failure(std::move(deleted));
    if (*deleted == 0) {
        return failure(ErrorCode::not_found, fmt::format("'{}' does not hold this directory role.", principal.value()));
    }
    return {};
}

Result<void> add_credential(Session& session, const Guid& owner, const CredentialInfo& info, const std::string& hash) {
    auto known = exists(session, "select 1 from principals where id = ?1 union all select 1 from applications where id = ?1",
                        owner.value());
    if (!known) return failure(std::move(known));
    if (!*known) return no_such_object(owner);
    auto count = integer(session, "select count(*) from credentials where owner_id = ?1", owner.value());
    if (!count) return failure(std::move(count));
    if (*count >= static_cast<std::int64_t>(max_credentials)) {
        return failure(
            ErrorCode::limit_exceeded,
            fmt::format("'{}' has {} secrets already. Remove one that is not used any more.", owner.value(), *count));
    }
    auto inserted =
        session.execute("insert into credentials(key_id, owner_id, hash, hint, display_name, starts_at, "
                        "ends_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                        info.key_id.value(), owner.value(), hash, info.hint, info.display_name, info.starts_at, info.ends_at);
    if (!inserted) return failure(std::move(inserted));
    return {};
}

Result<std::vector<CredentialInfo>> list_credentials(Session& session, const Guid& owner) {
    return collect(
        session,
        "select key_id, hint, display_name, starts_at, ends_at from credentials where owner_id = ?1 "
        "order by starts_at, key_id",
        [](const Rows& rows) -> Result<CredentialInfo> {
            auto key_id = guid_column(rows, 0, "id of a secret");
            if (!key_id) return failure(std::move(key_id));
            return CredentialInfo{std::move(*key_id), std::string(rows.text(1)), rows.optional_text(2), rows.time(3),
                                  rows.time(4)};
        },
        owner.value());
}

Result<void> remove_credential(Session& session, const Guid& owner, const Guid& key_id) {
    auto deleted =
        session.execute("delete from credentials where key_id = ?1 and owner_id = ?2", key_id.value(), owner.value());
    if (!deleted) return failure(std::move(deleted));
    if (*deleted == 0) {
        return failure(ErrorCode::not_found,
                       fmt::format("'{}' has no secret with the key id '{}'.", owner.value(), key_id.value()));
    }
    return {};
}

Result<std::vector<StoredCredential>> valid_credentials(Session& session, const Guid& principal, Timestamp now) {
    return collect(
        session,
        "select key_id, hash, ends_at from credentials where starts_at <= ?2 and ends_at > ?2 and owner_id in "
        "(select ?1 union all select applications.id from applications join principals "
        "on principals.application_id = applications.application_id where principals.id = ?1) order by key_id",
        [](const Rows& rows) -> Result<StoredCredential> {
            auto key_id = guid_column(rows, 0, "id of a secret");
            if (!key_id) return failure(std::move(key_id));
            return StoredCredential{std::move(*key_id), std::string(rows.text(1)), rows.time(2)};
        },
        principal.value(), now);
}

Result<std::optional<Timestamp>> credential_holds_until(Session& session, const Guid& principal, std::string_view id,
                                                        Timestamp now) {
    return find(
        session,
        "select ends_at from (select owner_id, starts_at, ends_at from credentials where key_id = ?2 "
        "union all select owner_id, starts_at, ends_at from key_credentials where key_id = ?2) as held "
        "where starts_at <= ?3 and ends_at > ?3 and owner_id in "
        "(select ?1 union all select applications.id from applications join principals "
        "on principals.application_id = applications.application_id where principals.id = ?1)",
        [](const Rows& rows) -> Result<Timestamp> { return rows.time(0); }, principal.value(), id, now);
}

} // namespace berth::tenant
