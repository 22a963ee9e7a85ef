#include "control_plane/registry_usages.hpp"

#include "control_plane/cache_rules.hpp"
#include "control_plane/credential_sets.hpp"
#include "control_plane/registry_children.hpp"
#include "control_plane/webhooks.hpp"
#include "gateway/response.hpp"
#include "tenant/network_rules.hpp"
#include "tenant/token_store.hpp"

#include <boost/json/array.hpp>

namespace berth::control_plane {
namespace {

using boost::json::array;
using boost::json::object;
using gateway::Context;
using gateway::Services;
using http::Response;

// Where berth sets no limit of its own: the largest number that every client reads exactly says so.
constexpr std::int64_t most_exact = (std::int64_t{1} << 53) - 1;

Result<std::int64_t> sum(storage::Session& session, std::string_view sql, std::int64_t registry) {
    auto rows = session.query(sql, registry);
    if (!rows) return failure(std::move(rows));
    auto more = rows->next();
    if (!more) return failure(std::move(more));
    return *more ? rows->integer(0) : 0;
}

// A blob counts once, however many repositories of the registry link it; manifests belong to one repository each.
Result<std::int64_t> bytes_in(storage::Session& session, std::int64_t registry) {
    auto blobs = sum(session,
                     "select coalesce(sum(size), 0) from blobs where digest in (select repository_blobs.digest "
                     "from repository_blobs join repositories on repositories.id = repository_blobs.repository_id "
                     "where repositories.registry_id = ?1)",
                     registry);
    if (!blobs) return blobs;
    auto manifests = sum(session,
                         "select coalesce(sum(length(manifests.content)), 0) from manifests join repositories "
                         "on repositories.id = manifests.repository_id where repositories.registry_id = ?1",
                         registry);
    if (!manifests) return manifests;
    return *blobs + *manifests;
}

// What has a limit, and what Azure lists beside it: berth has none of it, and says so.
struct Count {
    std::string_view name;
    std::string_view type; // empty: berth has none
    std::int64_t limit;
};

std::vector<Count> counts_of(const tenant::Resource& registry) {
    return {{"Webhooks", webhook_type, most_webhooks(registry)},
            {"Geo-replications", "", 0},
            {"VNetRules", "", 0},
            {"PrivateEndpointConnections", "", 0},
            {"ScopeMaps", tenant::scope_map_type, most_exact},
            {"Tokens", tenant::token_type, most_exact},
            {"CacheRules", cache_rule_type, most_cache_rules},
            {"CredentialSets", credential_set_type, most_credential_sets}};
}

object usage(std::string_view name, std::int64_t limit, std::int64_t value, std::string_view unit) {
    return {{"name", name}, {"limit", limit}, {"currentValue", value}, {"unit", unit}};
}

Result<array> usages_of(storage::Session& session, const tenant::Resource& registry) {
    auto bytes = bytes_in(session, registry.row);
    if (!bytes) return failure(std::move(bytes));
    array out{usage("Size", most_exact, *bytes, "Bytes")};
    for (const Count& count : counts_of(registry)) {
        auto value = count.type.empty() ? Result<std::int64_t>(0) : count_children(session, registry.scope, count.type);
        if (!value) return failure(std::move(value));
        out.push_back(usage(count.name, count.limit, *value, "Count"));
    }
    const auto rules = tenant::network_rules_of(boost::json::value(registry.properties));
    const auto most = registry.sku == "Premium" ? tenant::NetworkRules::max_blocks : 0;
    out.push_back(usage("IPRules", static_cast<std::int64_t>(most), static_cast<std::int64_t>(rules.allowed.size()), "Count"));
    return out;
}

Task<Result<Response>> run(const Services& services, Context&, const tenant::Resource& registry) {
    const auto read = [&](storage::Session& session) { return usages_of(session, registry); };
    auto reading = services.database.read(storage::ReadKind::scan, read);
    auto usages = co_await std::move(reading);
    if (!usages) co_return failure(std::move(usages));
    co_return gateway::json_response(200, object{{"value", std::move(*usages)}});
}

} // namespace

Action list_usages() {
    return {.name = "listUsages",
            .method = http::Method::get,
            .operation = "Microsoft.ContainerRegistry/registries/listUsages/read",
            .run = run,
            .summary = "Says how much a registry stores and has, and what it may"};
}

} // namespace berth::control_plane
