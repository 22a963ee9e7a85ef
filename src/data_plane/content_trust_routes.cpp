#include "data_plane/content_trust_routes.hpp"

#include "gateway/context.hpp"

namespace berth::data_plane {
namespace {

using gateway::Context;

Task<Result<http::Response>> retired(Context& context) {
    co_return failure(ErrorCode::not_implemented,
                      "Docker Content Trust (Notary v1) is retired, and this registry keeps no trust data. Sign '" +
                          context.repository().value() +
                          "' with notation (or cosign), which store signatures as referrers of the image.");
}

} // namespace

std::vector<gateway::Route> content_trust_routes() {
    using namespace gateway;
    const auto route = [](std::string_view id, http::Method method, std::string_view pattern, const Permission& permission,
                          std::string_view summary) {
        return Route{.id = id,
                     .method = method,
                     .pattern = pattern,
                     .entry = {.kind = EntryKind::all, .permissions = {&permission}, .why = {}},
                     .further = {},
                     .scope = {},
                     .handler = retired,
                     .summary = summary};
    };
    return {
        route("trust.get", http::Method::get, "/v2/{login}/{name...}/_trust/tuf/{role}", permissions::pull,
              "Content trust: retired, answers 501"),
        route("trust.publish", http::Method::post, "/v2/{login}/{name...}/_trust/tuf/", permissions::sign,
              "Content trust: decides who may sign, then answers 501"),
        route("trust.delete", http::Method::delete_, "/v2/{login}/{name...}/_trust/tuf/", permissions::sign,
              "Content trust: decides who may sign, then answers 501"),
    };
}

} // namespace berth::data_plane
