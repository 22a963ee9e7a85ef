#include "tenant/world_rows.hpp"

#include "tenant/columns.hpp"
#include "tenant/directory_store.hpp"
#include "tenant/lock_store.hpp"
#include "tenant/management_group_store.hpp"
#include "tenant/registry_properties.hpp"
#include "tenant/token_store.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace berth::tenant {
namespace {

using storage::Rows;
using storage::Session;

#define BERTH_PRINCIPAL_COLUMNS                                                                                                \
    "id, kind, display_name, application_id, user_principal_name, enabled, "                                                   \
    "exists(select 1 from directory_roles where principal_id = principals.id and role = ?1), security_attributes, "            \
    "managed_by, (select scope from resources where guid = principals.managed_by)"

// What is of another form was not written by berth, and is no attribute.
std::vector<rbac::SecurityAttribute> security_attributes_of(const boost::json::object& json) {
    std::vector<rbac::SecurityAttribute> out;
    for (const auto& [name, values] : json) {
        rbac::SecurityAttribute attribute{std::string(name), {}};
        const auto* array = values.if_array();
        for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
            if (const auto* text = (*array)[i].if_string()) attribute.values.emplace_back(*text);
        }
        out.push_back(std::move(attribute));
    }
    std::ranges::sort(out, {}, &rbac::SecurityAttribute::name);
    return out;
}

Result<Principal> principal_of(const Rows& rows) {
    auto id = guid_column(rows, 0, "id of a principal");
    if (!id) return failure(std::move(id));
    const auto kind = parse_principal_kind(rows.text(1));
    if (!kind) return failure(ErrorCode::internal, "The database holds a damaged value (kind of a principal).");
    auto application = optional_guid_column(rows, 3, "client id of a principal");
    if (!application) return failure(std::move(application));
    Principal principal{.id = std::move(*id),
                        .kind = *kind,
                        .display_name = std::string(rows.text(2)),
                        .application_id = std::move(*application),
                        .user_principal_name = rows.optional_text(4),
                        .enabled = rows.boolean(5),
                        .global_administrator = rows.boolean(6)};
    if (rows.text(7) != "{}") {
        auto attributes = json_object_column(rows, 7, "security attributes of a principal");
        if (!attributes) return failure(std::move(attributes));
        principal.security_attributes = security_attributes_of(*attributes);
    }
    if (rows.optional_text(8)) principal.managed_resource = rows.optional_text(9).value_or("");
    return principal;
}

} // namespace

Result<WorldParts> read_places(Session& session) {
    auto tenants = collect(session, "select id, display_name from tenants order by created_at, id",
                           [](const Rows& rows) -> Result<std::pair<Guid, std::string>> {
                               auto id = guid_column(rows, 0, "id of a tenant");
                               if (!id) return failure(std::move(id));
                               return std::pair(std::move(*id), std::string(rows.text(1)));
                           });
    if (!tenants) return failure(std::move(tenants));
    if (tenants->empty()) return failure(ErrorCode::unavailable, "The database has no tenant yet.");
    auto& [tenant, name] = tenants->front();
    auto subscriptions = list_subscriptions(session, tenant);
    if (!subscriptions) return failure(std::move(subscriptions));
    auto groups = list_management_groups(session, tenant);
    if (!groups) return failure(std::move(groups));
    auto shared_groups = std::make_shared<const std::vector<ManagementGroup>>(std::move(*groups));
    return WorldParts{.sequence = -1,
                      .tenant_id = std::move(tenant),
                      .tenant_name = std::move(name),
                      .subscriptions = std::move(*subscriptions),
                      .management_groups = std::move(shared_groups),
                      .registries = nullptr,
                      .principals = nullptr,
                      .tokens = nullptr,
                      .policy = nullptr,
                      .locks = nullptr};
}

Result<std::shared_ptr<const RegistryTable>> read_registries(Session& session, const LoginServerNaming& naming) {
    auto registries = collect(session,
                              "select id, guid, name, scope, subscription_id, properties, mode_epoch from resources "
                              "where type_key = 'microsoft.containerregistry/registries' order by id",
                              [&](const Rows& rows) -> Result<Registry> {
                                  auto id = guid_column(rows, 1, "id of a registry");
                                  if (!id) return failure(std::move(id));
                                  auto scope = scope_column(rows, 3, "scope of a registry");
                                  if (!scope) return failure(std::move(scope));
                                  auto subscription = guid_column(rows, 4, "subscription of a registry");
                                  if (!subscription) return failure(std::move(subscription));
                                  auto properties = json_object_column(rows, 5, "properties of a registry");
                                  if (!properties) return failure(std::move(properties));
                                  Registry registry{.row = rows.integer(0),
                                                    .id = std::move(*id),
                                                    .name = std::string(rows.text(2)),
                                                    .login_server = naming.login_server(rows.text(2)),
                                                    .scope = std::move(*scope),
                                                    .subscription = std::move(*subscription),
                                                    .mode_epoch = rows.integer(6)};
                                  apply_properties(registry, std::move(*properties));
                                  return registry;
                              });
    if (!registries) return failure(std::move(registries));
    return std::make_shared<const RegistryTable>(std::move(*registries));
}

Result<std::shared_ptr<const TokenTable>> read_tokens(Session& session) {
    auto tokens = list_tokens(session);
    if (!tokens) return failure(std::move(tokens));
    return std::make_shared<const TokenTable>(std::move(*tokens));
}

Result<std::shared_ptr<const std::vector<ResourceLock>>> read_locks(Session& session) {
    auto locks = list_locks(session);
    if (!locks) return failure(std::move(locks));
    return std::make_shared<const std::vector<ResourceLock>>(std::move(*locks));
}

Result<std::vector<Principal>> read_principals(Session& session) {
    return collect(session, "select " BERTH_PRINCIPAL_COLUMNS " from principals order by id", principal_of,
                   global_administrator_role);
}

Result<std::optional<Principal>> read_principal(Session& session, const Guid& id) {
    return find(session, "select " BERTH_PRINCIPAL_COLUMNS " from principals where id = ?2", principal_of,
                global_administrator_role, id.value());
}

Result<std::vector<rbac::GroupMembership>> read_memberships(Session& session) {
    return collect(session, "select group_id, member_id from memberships order by group_id, member_id",
                   [](const Rows& rows) -> Result<rbac::GroupMembership> {
                       auto group = guid_column(rows, 0, "id of a group");
                       if (!group) return failure(std::move(group));
                       auto member = guid_column(rows, 1, "id of a group's member");
                       if (!member) return failure(std::move(member));
                       return rbac::GroupMembership{std::move(*group), std::move(*member)};
                   });
}

std::vector<rbac::ManagementGroupMembership> management_group_memberships(const WorldParts& parts) {
    std::vector<rbac::ManagementGroupMembership> out;
    for (const ManagementGroup& group : *parts.management_groups) {
        if (group.parent) out.push_back({group.scope, management_group_scope(*group.parent)});
    }
    for (const Subscription& subscription : parts.subscriptions) {
        auto scope = rbac::Scope::parse(fmt::format("/subscriptions/{}", subscription.id.value()));
        if (scope) out.push_back({std::move(*scope), management_group_scope(subscription.management_group)});
    }
    return out;
}

} // namespace berth::tenant
