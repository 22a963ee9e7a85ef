#include "control_plane/registry_children.hpp"

#include "base/encoding.hpp"

#include <fmt/format.h>

namespace berth::control_plane {

using storage::Session;
using tenant::Resource;

std::string_view registry_id_of(const Resource& child) {
    const std::string_view scope = child.scope.value();
    const std::string_view without_name = scope.substr(0, scope.rfind('/'));
    return without_name.substr(0, without_name.rfind('/'));
}

Result<Resource> registry_of(Session& session, const Resource& child) {
    auto scope = rbac::Scope::parse(registry_id_of(child));
    if (!scope) return failure(std::move(scope));
    auto found = tenant::find_resource(session, *scope);
    if (!found) return failure(std::move(found));
    if (!*found) return failure(ErrorCode::internal, "A resource below a registry outlived it.");
    return std::move(**found);
}

Result<std::int64_t> count_children(Session& session, const rbac::Scope& registry, std::string_view type) {
    auto rows = session.query("select count(*) from resources where scope_key > ?1 and scope_key < ?2 and type_key = ?3",
                              fmt::format("{}/", registry.key()), fmt::format("{}0", registry.key()), to_lower(type));
    if (!rows) return failure(std::move(rows));
    auto more = rows->next();
    if (!more) return failure(std::move(more));
    return rows->integer(0);
}

Result<std::vector<Resource>> list_children(Session& session, const Resource& registry, std::string_view type) {
    constexpr std::size_t rows_at_once = 200;
    std::vector<Resource> out;
    std::string after = registry.scope.key() + "/";
    while (true) {
        auto rows = tenant::list_resources(session, registry.subscription, registry.resource_group, type, after, rows_at_once);
        if (!rows) return failure(std::move(rows));
        const bool last = rows->size() < rows_at_once;
        for (Resource& row : *rows) {
            if (!registry.scope.covers(row.scope)) return out;
            after = row.scope.key();
            out.push_back(std::move(row));
        }
        if (last) return out;
    }
}

Result<void> check_limit(Session& session, const Resource& registry, std::string_view type, std::string_view nouns,
                         const Resource* before, std::int64_t limit) {
    if (before != nullptr) return {};
    auto count = count_children(session, registry.scope, type);
    if (!count) return failure(std::move(count));
    if (*count < limit) return {};
    return failure(ErrorCode::limit_exceeded,
                   fmt::format("The registry '{}' has {} {} already, which is the most a registry of the SKU {} has. Delete "
                               "one that is not needed any more{}.",
                               registry.name, *count, nouns, registry.sku.value_or("Basic"),
                               registry.sku == "Premium" ? "" : ", or choose a larger SKU"));
}

std::int64_t most_webhooks(const Resource& registry) {
    if (registry.sku == "Premium") return 500;
    return registry.sku == "Standard" ? 10 : 2;
}

} // namespace berth::control_plane
