#include "data_plane/data_plane.hpp"

#include "data_plane/content_trust_routes.hpp"
#include "gateway/context.hpp"
#include "gateway/response.hpp"

#include <iterator>

namespace berth::data_plane {
namespace {

// Says that this is a registry, and is where clients ask whether their credentials hold.
Task<Result<http::Response>> version(gateway::Context&) { co_return gateway::json_response(200, boost::json::object{}); }

} // namespace

DataPlane::DataPlane(gateway::Services services, const UploadLimitOptions& uploads)
    : hot_(services.database), tokens_(services), manifests_(services, hot_), blobs_(services, hot_),
      uploads_(services, uploads), lists_(services, hot_), referrers_(services, hot_), repository_api_(services) {}

std::vector<gateway::Route> DataPlane::routes() {
    std::vector<gateway::Route> out;
    out.push_back({.id = "version.get",
                   .method = http::Method::get,
                   .pattern = "/v2/",
                   .entry = {.kind = gateway::EntryKind::filter, .permissions = {}, .why = {}},
                   .further = {},
                   .scope = {},
                   .handler = version,
                   .summary = "Says that this is a registry, to everybody who is authenticated"});
    for (auto part : {tokens_.routes(), manifests_.routes(), blobs_.routes(), uploads_.routes(), lists_.routes(),
                      referrers_.routes(), repository_api_.routes(), content_trust_routes()}) {
        std::ranges::move(part, std::back_inserter(out));
    }
    return out;
}

} // namespace berth::data_plane
