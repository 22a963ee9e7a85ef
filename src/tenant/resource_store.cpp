#include "tenant/resource_store.hpp"

#include "base/encoding.hpp"
#include "tenant/columns.hpp"
#include "tenant/registry_properties.hpp"
#include "tenant/scope_range.hpp"
#include "tenant/token_store.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace berth::tenant {
namespace {

using storage::Rows;
using storage::Session;

constexpr std::string_view registry_type_key = "microsoft.containerregistry/registries";

constexpr std::string_view resource_group_type = "Microsoft.Resources/resourceGroups";
constexpr std::string_view resource_group_type_key = "microsoft.resources/resourcegroups";

#define BERTH_RESOURCE_COLUMNS                                                                                                 \
    "id, guid, tenant_id, subscription_id, name, scope, location, tags, sku, properties, created_at, created_by, "             \
    "updated_at, updated_by, identity"

std::vector<std::string_view> segments_of(std::string_view path) {
    std::vector<std::string_view> out;
    while (!path.empty()) {
        const auto slash = path.find('/');
        if (slash != 0) out.push_back(path.substr(0, slash));
        if (slash == std::string_view::npos) break;
        path.remove_prefix(slash + 1);
    }
    return out;
}

// Group and type of a resource as its scope spells them: `subscriptions S resourceGroups G [providers N t n ...]`.
struct Place {
    std::string resource_group;
    std::string type;
};
std::optional<Place> place_of(const rbac::Scope& scope) {
    const auto segments = segments_of(scope.value());
    if (segments.size() < 4) return std::nullopt;
    Place place{std::string(segments[3]), std::string(resource_group_type)};
    if (segments.size() == 4) return place;
    if (segments.size() < 8 || segments.size() % 2 != 0) return std::nullopt;
    place.type = segments[5];
    for (std::size_t i = 6; i < segments.size(); i += 2) place.type += fmt::format("/{}", segments[i]);
    return place;
}

// The scope with the provider and types as Azure spells them, whatever the request's path looked like: what is stored
// is what is read back as the resource's type.
Result<rbac::Scope> canonical_scope(const Resource& resource) {
    const auto place = place_of(resource.scope);
    if (!place || !equals_ignoring_case(place->type, resource.type) ||
        !equals_ignoring_case(place->resource_group, resource.resource_group)) {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("'{}' is no id of a resource of type {} in the resource group '{}'.", resource.scope.value(),
                                   resource.type, resource.resource_group));
    }
    std::string text =
        fmt::format("/subscriptions/{}/resourceGroups/{}", resource.subscription.value(), resource.resource_group);
    const auto segments = segments_of(resource.scope.value());
    if (segments.size() > 4) {
        const auto types = segments_of(resource.type);
        text += fmt::format("/providers/{}", types[0]);
        for (std::size_t i = 1; i < types.size(); ++i) text += fmt::format("/{}/{}", types[i], segments[5 + 2 * i]);
    }
    return rbac::Scope::parse(text);
}

Result<std::int64_t> insert_row(Session& session, const Resource& resource, const rbac::Scope& scope) {
    auto rows = session.query(
        "insert into resources(guid, tenant_id, subscription_id, resource_group_key, type_key, name, name_key, scope, "
        "scope_key, location, tags, sku, properties, created_at, created_by, updated_at, updated_by, identity) "
        "values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18) returning id",
        resource.guid.value(), resource.tenant.value(), resource.subscription.value(), to_lower(resource.resource_group),
        to_lower(resource.type), resource.name, to_lower(resource.name), scope.value(), scope.key(), resource.location,
        boost::json::serialize(resource.tags), resource.sku, boost::json::serialize(resource.properties), resource.created_at,
        resource.created_by, resource.updated_at, resource.updated_by, boost::json::serialize(resource.identity));
    if (!rows) return failure(std::move(rows));
    auto more = rows->next();
    if (!more) return failure(std::move(more));
    return rows->integer(0);
}

// A registry token is bound to the mode that it was issued in: switching back does not bring the older ones back.
Result<void> count_mode_switch(Session& session, const Resource& next) {
    auto mode = find(
        session, "select properties from resources where scope_key = ?1 and type_key = ?2",
        [](const Rows& rows) -> Result<RoleAssignmentMode> {
            auto properties = json_object_column(rows, 0, "properties of a registry");
            if (!properties) return failure(std::move(properties));
            return role_assignment_mode_of(std::move(*properties));
        },
        next.scope.key(), registry_type_key);
    if (!mode) return failure(std::move(mode));
    if (!*mode || **mode == role_assignment_mode_of(next.properties)) return {};
    auto counted = session.execute("update resources set mode_epoch = mode_epoch + 1 where scope_key = ?1", next.scope.key());
    if (!counted) return failure(std::move(counted));
    return {};
}

Result<Resource> resource_of(const Rows& rows) {
    auto guid = guid_column(rows, 1, "id of a resource");
    if (!guid) return failure(std::move(guid));
    auto tenant = guid_column(rows, 2, "tenant of a resource");
    if (!tenant) return failure(std::move(tenant));
    auto subscription = guid_column(rows, 3, "subscription of a resource");
    if (!subscription) return failure(std::move(subscription));
    auto scope = scope_column(rows, 5, "scope of a resource");
    if (!scope) return failure(std::move(scope));
    auto place = place_of(*scope);
    if (!place) return failure(ErrorCode::internal, "The database holds a damaged value (scope of a resource).");
    auto tags = json_object_column(rows, 7, "tags of a resource");
    if (!tags) return failure(std::move(tags));
    auto properties = json_object_column(rows, 9, "properties of a resource");
    if (!properties) return failure(std::move(properties));
    auto identity = json_object_column(rows, 14, "identity of a resource");
    if (!identity) return failure(std::move(identity));
    return Resource{.row = rows.integer(0),
                    .guid = std::move(*guid),
                    .tenant = std::move(*tenant),
                    .subscription = std::move(*subscription),
                    .resource_group = std::move(place->resource_group),
                    .type = std::move(place->type),
                    .name = std::string(rows.text(4)),
                    .scope = std::move(*scope),
                    .location = std::string(rows.text(6)),
                    .tags = std::move(*tags),
                    .sku = rows.optional_text(8),
                    .properties = std::move(*properties),
                    .created_at = rows.time(10),
                    .created_by = std::string(rows.text(11)),
                    .updated_at = rows.time(12),
                    .updated_by = std::string(rows.text(13)),
                    .identity = std::move(*identity)};
}

} // namespace

std::optional<std::string> resource_type_at(const rbac::Scope& scope) {
    if (scope.kind() != rbac::ScopeKind::resource && scope.kind() != rbac::ScopeKind::resource_group) return std::nullopt;
    auto place = place_of(scope);
    if (!place) return std::nullopt;
    return std::move(place->type);
}

Result<std::optional<Resource>> find_resource(Session& session, const rbac::Scope& scope) {
    return find(session, "select " BERTH_RESOURCE_COLUMNS " from resources where scope_key = ?1", resource_of, scope.key());
}

Result<std::optional<Resource>> find_resource(Session& session, std::int64_t row) {
    return find(session, "select " BERTH_RESOURCE_COLUMNS " from resources where id = ?1", resource_of, row);
}

Result<std::int64_t> insert_resource(Session& session, const Resource& resource) {
    auto scope = canonical_scope(resource);
    if (!scope) return failure(std::move(scope));
    auto taken = exists(session, "select 1 from resources where scope_key = ?1", scope->key());
    if (!taken) return failure(std::move(taken));
    if (*taken) {
        return failure(ErrorCode::already_exists, fmt::format("The resource '{}' exists already.", scope->value()));
    }
    const std::string type_key = to_lower(resource.type);
    const std::string name_key = to_lower(resource.name);
    if (type_key == registry_type_key) {
        auto named = exists(session,
                            "select 1 from resources where name_key = ?1 and "
                            "type_key = 'microsoft.containerregistry/registries'",
                            name_key);
        if (!named) return failure(std::move(named));
        if (*named) {
            return failure(ErrorCode::already_exists, fmt::format("The registry {} is already in use.", resource.name));
        }
    }
    auto row = insert_row(session, resource, *scope);
    if (!row || type_key != registry_type_key) return row;
    if (auto made = ensure_system_scope_maps(session, resource); !made) return failure(std::move(made));
    return row;
}

Result<void> update_resource(Session& session, const Resource& resource) {
    if (auto counted = count_mode_switch(session, resource); !counted) return counted;
    auto updated = session.execute("update resources set location = ?2, tags = ?3, sku = ?4, properties = ?5, "
                                   "updated_at = ?6, updated_by = ?7, identity = ?8 where scope_key = ?1",
                                   resource.scope.key(), resource.location, boost::json::serialize(resource.tags), resource.sku,
                                   boost::json::serialize(resource.properties), resource.updated_at, resource.updated_by,
                                   boost::json::serialize(resource.identity));
    if (!updated) return failure(std::move(updated));
    if (*updated == 0) {
        return failure(ErrorCode::not_found, fmt::format("The resource '{}' was not found.", resource.scope.value()));
    }
    return {};
}

Result<void> delete_resource(Session& session, const rbac::Scope& scope, Timestamp now) {
    auto known = exists(session, "select 1 from resources where scope_key = ?1", scope.key());
    if (!known) return failure(std::move(known));
    if (!*known) {
        return failure(ErrorCode::not_found, fmt::format("The resource '{}' was not found.", scope.value()));
    }
    const ScopeRange range = range_of(scope);
    auto queued =
        session.execute("insert into garbage_candidates(digest, queued_at) select distinct repository_blobs.digest, ?4 "
                        "from resources join repositories on repositories.registry_id = resources.id "
                        "join repository_blobs on repository_blobs.repository_id = repositories.id "
                        "where resources.scope_key = ?1 or (resources.scope_key >= ?2 and resources.scope_key < ?3) "
                        "on conflict do nothing",
                        range.at, range.below, range.beyond, now);
    if (!queued) return failure(std::move(queued));
    for (const std::string_view sql :
         {"delete from resources where scope_key = ?1 or (scope_key >= ?2 and scope_key < ?3)",
          "delete from role_assignments where scope_key = ?1 or (scope_key >= ?2 and scope_key < ?3)",
          "delete from deny_assignments where scope_key = ?1 or (scope_key >= ?2 and scope_key < ?3)",
          "delete from resource_locks where scope_key = ?1 or (scope_key >= ?2 and scope_key < ?3)"}) {
        if (auto done = session.execute(sql, range.at, range.below, range.beyond); !done) return failure(std::move(done));
    }
    return {};
}

Result<std::vector<Resource>> list_resources(Session& session, const Guid& subscription,
                                             std::optional<std::string_view> resource_group,
                                             std::optional<std::string_view> type, std::string_view after, std::size_t limit) {
    // Empty text stands for "any": an untyped null parameter is not the same on every engine.
    return collect(session,
                   "select " BERTH_RESOURCE_COLUMNS " from resources where scope_key > ?1 and scope_key < ?2 and "
                   "(?3 = '' or resource_group_key = ?3) and (type_key = ?4 or (?4 = '' and type_key not in (?5, ?6, ?7))) "
                   "order by scope_key limit ?8",
                   resource_of, std::max(std::string(after), fmt::format("/subscriptions/{}/", subscription.value())),
                   fmt::format("/subscriptions/{}0", subscription.value()), to_lower(resource_group.value_or("")),
                   to_lower(type.value_or("")), resource_group_type_key, to_lower(token_type), to_lower(scope_map_type), limit);
}

} // namespace berth::tenant
