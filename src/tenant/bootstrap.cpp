#include "tenant/bootstrap.hpp"

#include "base/names.hpp"
#include "storage/events.hpp"
#include "tenant/authorization_store.hpp"
#include "tenant/columns.hpp"
#include "tenant/management_group_store.hpp"
#include "tenant/token_store.hpp"

#include <fmt/format.h>

namespace berth::tenant {
namespace {

using storage::Rows;
using storage::Session;

Result<void> check(const BootstrapOptions& options) {
    if (!is_registry_name(options.registry_name)) {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("'{}' is no name for a registry: use 5 to 50 letters and digits.", options.registry_name));
    }
    if (!is_resource_group_name(options.resource_group)) {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("'{}' is no name for a resource group: use 1 to 90 letters, digits and _ - . ( ), "
                                   "not ending in a period.",
                                   options.resource_group));
    }
    return {};
}

Result<std::optional<Guid>> first_id(Session& session, std::string_view sql) {
    auto ids = collect(session, sql, [](const Rows& rows) { return guid_column(rows, 0, "id"); });
    if (!ids) return failure(std::move(ids));
    if (ids->empty()) return std::optional<Guid>();
    return std::optional(std::move(ids->front()));
}

Result<std::optional<BootstrapOwner>> find_owner(Session& session) {
    auto id = first_id(session, "select principals.id from applications join principals on "
                                "principals.application_id = applications.application_id "
                                "where applications.properties = '{\"bootstrap\":true}'");
    if (!id) return failure(std::move(id));
    if (!*id) return std::optional<BootstrapOwner>();
    auto principals = collect(
        session, "select id, display_name, application_id, enabled from principals where id = ?1",
        [](const Rows& rows) -> Result<Principal> {
            auto principal = guid_column(rows, 0, "id of a principal");
            if (!principal) return failure(std::move(principal));
            auto application = optional_guid_column(rows, 2, "client id of a principal");
            if (!application) return failure(std::move(application));
            return Principal{.id = std::move(*principal),
                             .kind = PrincipalKind::service_principal,
                             .display_name = std::string(rows.text(1)),
                             .application_id = std::move(*application),
                             .user_principal_name = std::nullopt,
                             .enabled = rows.boolean(3)};
        },
        (*id)->value());
    if (!principals) return failure(std::move(principals));
    Principal& principal = principals->front();
    auto application = find_application(session, *principal.application_id);
    if (!application) return failure(std::move(application));
    return std::optional(BootstrapOwner{std::move(**application), std::move(principal)});
}

Result<std::optional<Resource>> find_first(Session& session, std::string_view type_key) {
    auto scopes = collect(
        session, "select scope from resources where type_key = ?1 order by id limit 1",
        [](const Rows& rows) { return scope_column(rows, 0, "scope of a resource"); }, type_key);
    if (!scopes) return failure(std::move(scopes));
    if (scopes->empty()) return std::optional<Resource>();
    return find_resource(session, scopes->front());
}

// The group that the registry lies in, or the oldest.
Result<std::optional<Resource>> find_group(Session& session, const std::optional<Resource>& registry) {
    if (!registry) return find_first(session, "microsoft.resources/resourcegroups");
    auto scope = rbac::Scope::parse(
        fmt::format("/subscriptions/{}/resourceGroups/{}", registry->subscription.value(), registry->resource_group));
    if (!scope) return failure(std::move(scope));
    return find_resource(session, *scope);
}

Result<Resource> make_resource(Session& session, const BootstrapOptions& options, const Guid& tenant, const Guid& subscription,
                               const std::string& type, const std::string& name, const std::string& actor, Timestamp now) {
    const std::string group = fmt::format("/subscriptions/{}/resourceGroups/{}", subscription.value(), options.resource_group);
    const bool is_registry = type == "Microsoft.ContainerRegistry/registries";
    auto scope = rbac::Scope::parse(is_registry ? fmt::format("{}/providers/{}/{}", group, type, name) : group);
    if (!scope) return failure(std::move(scope));
    Resource resource{.guid = Guid::random(),
                      .tenant = tenant,
                      .subscription = subscription,
                      .resource_group = options.resource_group,
                      .type = type,
                      .name = name,
                      .scope = std::move(*scope),
                      .location = options.location,
                      .tags = {},
                      .sku = is_registry ? std::optional(options.registry_sku) : std::nullopt,
                      .properties = {},
                      .created_at = now,
                      .created_by = actor,
                      .updated_at = now,
                      .updated_by = actor};
    auto row = insert_resource(session, resource);
    if (!row) return failure(std::move(row));
    resource.row = *row;
    auto left = storage::append_event(session, now,
                                      {.kind = is_registry ? "registry.write" : "resourceGroup.write",
                                       .registry = is_registry ? std::optional(*row) : std::nullopt,
                                       .actor = actor,
                                       .detail = {{"id", resource.scope.value()}}});
    if (!left) return failure(std::move(left));
    return resource;
}

Result<BootstrapOwner> make_owner(Session& session, const BootstrapOptions& options, const Guid& tenant,
                                  const Guid& subscription, const CredentialInfo& info, const std::string& hash,
                                  Timestamp now) {
    auto application = create_application(session, tenant, options.owner_name, now);
    if (!application) return failure(std::move(application));
    // How a later start finds it again.
    auto marked =
        session.execute("update applications set properties = '{\"bootstrap\":true}' where id = ?1", application->id.value());
    if (!marked) return failure(std::move(marked));
    auto principal = create_service_principal(session, tenant, application->application_id, now);
    if (!principal) return failure(std::move(principal));
    if (auto added = add_credential(session, application->id, info, hash); !added) return failure(std::move(added));
    auto administrator = add_directory_role(session, principal->id, std::string(global_administrator_role));
    if (!administrator) return failure(std::move(administrator));
    principal->global_administrator = true;

    const rbac::RoleDefinition* owner = rbac::find_built_in_role(std::string_view("Owner"));
    if (owner == nullptr) return failure(ErrorCode::internal, "The built-in roles lack Owner.");
    auto scope = rbac::Scope::parse(fmt::format("/subscriptions/{}", subscription.value()));
    if (!scope) return failure(std::move(scope));
    const rbac::RoleAssignment assignment{.id = Guid::random(),
                                          .scope = std::move(*scope),
                                          .role_definition = owner->id,
                                          .principal = principal->id,
                                          .principal_type = "ServicePrincipal",
                                          .condition = {},
                                          .description = std::nullopt,
                                          .created_at = now,
                                          .created_by = principal->id.value(),
                                          .updated_at = now,
                                          .updated_by = principal->id.value()};
    if (auto put = put_role_assignment(session, tenant, assignment); !put) return failure(std::move(put));
    auto left = storage::append_event(
        session, now,
        {.kind = "tenant.write",
         .registry = std::nullopt,
         .actor = principal->id.value(),
         .detail = {{"tenant", tenant.value()}, {"subscription", subscription.value()}, {"owner", principal->id.value()}}});
    if (!left) return failure(std::move(left));
    return BootstrapOwner{std::move(*application), std::move(*principal)};
}

Result<Bootstrap> make_bootstrap(Session& session, const BootstrapOptions& options, const CredentialInfo& info,
                                 const std::string& hash, Timestamp now) {
    const Guid tenant = Guid::random();
    const Guid subscription = Guid::random();
    auto tenants = session.execute("insert into tenants(id, display_name, created_at) values (?1, ?2, ?3)", tenant.value(),
                                   options.tenant_name, now);
    if (!tenants) return failure(std::move(tenants));
    auto subscriptions =
        session.execute("insert into subscriptions(id, tenant_id, display_name, created_at) values (?1, ?2, ?3, ?4)",
                        subscription.value(), tenant.value(), options.subscription_name, now);
    if (!subscriptions) return failure(std::move(subscriptions));
    if (auto root = ensure_root_management_group(session, tenant, now); !root) return failure(std::move(root));
    auto owner = make_owner(session, options, tenant, subscription, info, hash, now);
    if (!owner) return failure(std::move(owner));
    const std::string& actor = owner->principal.id.value();
    auto group = make_resource(session, options, tenant, subscription, "Microsoft.Resources/resourceGroups",
                               options.resource_group, actor, now);
    if (!group) return failure(std::move(group));
    auto registry = make_resource(session, options, tenant, subscription, "Microsoft.ContainerRegistry/registries",
                                  options.registry_name, actor, now);
    if (!registry) return failure(std::move(registry));
    return Bootstrap{.created = true,
                     .tenant = tenant,
                     .subscription = subscription,
                     .resource_group = std::move(*group),
                     .registry = std::move(*registry),
                     .owner = std::move(*owner)};
}

// Those that were made by a version without scope maps. A registry has all of the system's or none.
Result<std::vector<rbac::Scope>> registries_without_scope_maps(Session& session) {
    return collect(
        session,
        "select scope from resources registries where type_key = 'microsoft.containerregistry/registries' and not exists "
        "(select 1 from resources maps where maps.scope_key = registries.scope_key || '/scopemaps/_repositories_admin')",
        [](const Rows& rows) { return scope_column(rows, 0, "scope of a registry"); });
}

Task<Result<void>> complete_registries(storage::Database& database) {
    auto read = database.read(storage::ReadKind::page, registries_without_scope_maps);
    auto lacking = co_await std::move(read);
    if (!lacking) co_return failure(std::move(lacking));
    if (lacking->empty()) co_return Result<void>();
    auto make = [&](Session& session) -> Result<void> {
        for (const rbac::Scope& scope : *lacking) {
            auto registry = find_resource(session, scope);
            if (!registry) return failure(std::move(registry));
            if (!*registry) continue;
            if (auto made = ensure_system_scope_maps(session, **registry); !made) return made;
        }
        return {};
    };
    auto write = database.write(make);
    co_return co_await std::move(write);
}

} // namespace

Result<std::optional<Bootstrap>> read_bootstrap(Session& session) {
    auto tenant = first_id(session, "select id from tenants order by created_at, id limit 1");
    if (!tenant) return failure(std::move(tenant));
    if (!*tenant) return std::optional<Bootstrap>();
    auto subscription = first_id(session, "select id from subscriptions order by created_at, id limit 1");
    if (!subscription) return failure(std::move(subscription));
    if (!*subscription) return failure(ErrorCode::internal, "The database has a tenant, but no subscription.");
    auto registry = find_first(session, "microsoft.containerregistry/registries");
    if (!registry) return failure(std::move(registry));
    auto group = find_group(session, *registry);
    if (!group) return failure(std::move(group));
    auto owner = find_owner(session);
    if (!owner) return failure(std::move(owner));
    return std::optional(Bootstrap{.created = false,
                                   .tenant = std::move(**tenant),
                                   .subscription = std::move(**subscription),
                                   .resource_group = std::move(*group),
                                   .registry = std::move(*registry),
                                   .owner = std::move(*owner)});
}

Task<Result<Bootstrap>> bootstrap(storage::Database& database, BootstrapOptions options, CredentialInfo info, std::string hash,
                                  Timestamp now) {
    if (auto sound = check(options); !sound) co_return failure(std::move(sound));
    auto read = database.read(storage::ReadKind::page, read_bootstrap);
    auto found = co_await std::move(read);
    if (!found) co_return failure(std::move(found));
    if (*found) {
        auto completing = complete_registries(database);
        auto completed = co_await std::move(completing);
        if (!completed) co_return failure(std::move(completed));
        co_return std::move(**found);
    }
    // Another process may have come first meanwhile: the transaction looks again.
    auto make = [&](Session& session) -> Result<Bootstrap> {
        auto existing = read_bootstrap(session);
        if (!existing) return failure(std::move(existing));
        if (*existing) return std::move(**existing);
        return make_bootstrap(session, options, info, hash, now);
    };
    auto write = database.write(make);
    co_return co_await std::move(write);
}

} // namespace berth::tenant
