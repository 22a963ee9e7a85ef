#include "control_plane/registry_usages.hpp"

#include "gateway/response.hpp"

#include <boost/json/array.hpp>

namespace berth::control_plane {
namespace {

using gateway::Context;
using gateway::Services;
using http::Response;

constexpr std::int64_t most_bytes = (std::int64_t{1} << 53) - 1;

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

Task<Result<Response>> run(const Services& services, Context&, const tenant::Resource& registry) {
    const auto read = [&](storage::Session& session) { return bytes_in(session, registry.row); };
    auto reading = services.database.read(storage::ReadKind::scan, read);
    auto bytes = co_await std::move(reading);
    if (!bytes) co_return failure(std::move(bytes));
    // berth sets no limit of its own, the disk does: the largest number that every client reads exactly says so.
    boost::json::array usages{
        boost::json::object{{"name", "Size"}, {"limit", most_bytes}, {"currentValue", *bytes}, {"unit", "Bytes"}}};
    co_return gateway::json_response(200, boost::json::object{{"value", std::move(usages)}});
}

} // namespace

Action list_usages() {
    return {.name = "listUsages",
            .method = http::Method::get,
            .operation = "Microsoft.ContainerRegistry/registries/listUsages/read",
            .run = run,
            .summary = "Says how much a registry stores"};
}

} // namespace berth::control_plane
