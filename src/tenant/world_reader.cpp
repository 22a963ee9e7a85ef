#include "tenant/world_reader.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "tenant/authorization_store.hpp"
#include "tenant/columns.hpp"
#include "tenant/directory_store.hpp"

namespace berth::tenant {
namespace {

using storage::Rows;
using storage::Session;

// The switches of a registry as ARM writes them; what is missing or of another type has Azure's default, which for
// every one of them is the value that opens less, or what Azure opens itself.
void apply_properties(Registry& registry, const boost::json::value& properties) {
    registry.admin_user_enabled = find_bool(properties, "adminUserEnabled").value_or(false);
    registry.anonymous_pull_enabled = find_bool(properties, "anonymousPullEnabled").value_or(false);
    const auto mode = find_string(properties, "roleAssignmentMode").value_or("");
    registry.mode = equals_ignoring_case(mode, "AbacRepositoryPermissions") ? RoleAssignmentMode::repository_permissions
                                                                            : RoleAssignmentMode::registry_permissions;
    if (const auto* policies = find_member(properties, "policies")) {
        if (const auto* policy = find_member(*policies, "azureADAuthenticationAsArmPolicy")) {
            registry.arm_tokens_accepted =
                !equals_ignoring_case(find_string(*policy, "status").value_or("enabled"), "disabled");
        }
    }
}

Result<std::vector<Registry>> read_registries(Session& session, const LoginServerNaming& naming) {
    return collect(session,
                   "select id, guid, name, scope, subscription_id, properties from resources "
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
                                         .subscription = std::move(*subscription)};
                       apply_properties(registry, std::move(*properties));
                       return registry;
                   });
}

Result<std::vector<Principal>> read_principals(Session& session) {
    return collect(
        session,
        "select id, kind, display_name, application_id, user_principal_name, enabled, "
        "exists(select 1 from directory_roles where principal_id = principals.id and role = ?1) "
        "from principals order by id",
        [](const Rows& rows) -> Result<Principal> {
            auto id = guid_column(rows, 0, "id of a principal");
            if (!id) return failure(std::move(id));
            const auto kind = parse_principal_kind(rows.text(1));
            if (!kind) return failure(ErrorCode::internal, "The database holds a damaged value (kind of a principal).");
            auto application = optional_guid_column(rows, 3, "client id of a principal");
            if (!application) return failure(std::move(application));
            return Principal{.id = std::move(*id),
                             .kind = *kind,
                             .display_name = std::string(rows.text(2)),
                             .application_id = std::move(*application),
                             .user_principal_name = rows.optional_text(4),
                             .enabled = rows.boolean(5),
                             .global_administrator = rows.boolean(6)};
        },
        global_administrator_role);
}

Result<std::vector<Subscription>> read_subscriptions(Session& session, const Guid& tenant) {
    return collect(
        session, "select id, display_name from subscriptions where tenant_id = ?1 order by created_at, id",
        [](const Rows& rows) -> Result<Subscription> {
            auto id = guid_column(rows, 0, "id of a subscription");
            if (!id) return failure(std::move(id));
            return Subscription{std::move(*id), std::string(rows.text(1))};
        },
        tenant.value());
}

Result<std::shared_ptr<const rbac::Policy>> read_policy(Session& session) {
    auto roles = list_role_definitions(session);
    if (!roles) return failure(std::move(roles));
    auto assignments = list_role_assignments(session);
    if (!assignments) return failure(std::move(assignments));
    auto memberships = collect(session, "select group_id, member_id from group_members order by group_id, member_id",
                               [](const Rows& rows) -> Result<rbac::GroupMembership> {
                                   auto group = guid_column(rows, 0, "id of a group");
                                   if (!group) return failure(std::move(group));
                                   auto member = guid_column(rows, 1, "id of a group's member");
                                   if (!member) return failure(std::move(member));
                                   return rbac::GroupMembership{std::move(*group), std::move(*member)};
                               });
    if (!memberships) return failure(std::move(memberships));
    return rbac::Policy::compile({.custom_roles = rbac::SharedList(std::move(*roles)),
                                  .assignments = rbac::SharedList(std::move(*assignments)),
                                  .memberships = std::move(*memberships)});
}

} // namespace

Result<std::shared_ptr<const World>> read_world(Session& session, const LoginServerNaming& naming, std::uint64_t version) {
    auto tenants = collect(session, "select id, display_name from tenants order by created_at, id",
                           [](const Rows& rows) -> Result<std::pair<Guid, std::string>> {
                               auto id = guid_column(rows, 0, "id of a tenant");
                               if (!id) return failure(std::move(id));
                               return std::pair(std::move(*id), std::string(rows.text(1)));
                           });
    if (!tenants) return failure(std::move(tenants));
    if (tenants->empty()) return failure(ErrorCode::unavailable, "The database has no tenant yet.");
    auto& [tenant, tenant_name] = tenants->front();
    auto subscriptions = read_subscriptions(session, tenant);
    if (!subscriptions) return failure(std::move(subscriptions));
    auto registries = read_registries(session, naming);
    if (!registries) return failure(std::move(registries));
    auto principals = read_principals(session);
    if (!principals) return failure(std::move(principals));
    auto policy = read_policy(session);
    if (!policy) return failure(std::move(policy));
    return std::make_shared<const World>(version, std::move(tenant), std::move(tenant_name), std::move(*subscriptions),
                                         std::move(*registries), std::move(*principals), std::move(*policy));
}

} // namespace berth::tenant
