#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "directory/graph_json.hpp"
#include "directory/graph_list.hpp"
#include "directory/graph_routes.hpp"
#include "gateway/response.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace berth::directory {
namespace {

using boost::json::object;
using gateway::Context;
using gateway::Services;
using http::Response;

constexpr std::size_t most_ids = 1000; // Graph's limit

std::string_view type_of(tenant::PrincipalKind kind) noexcept {
    switch (kind) {
    case tenant::PrincipalKind::user: return "user";
    case tenant::PrincipalKind::group: return "group";
    case tenant::PrincipalKind::service_principal: break;
    }
    return "servicePrincipal";
}

// Ids that are nobody's are left out, as Graph leaves them out.
Task<Result<Response>> get_by_ids(const Services&, Context& context) {
    auto body = co_await object_body(context);
    if (!body) co_return failure(std::move(body));
    const auto ids = find_strings(*body, "ids");
    const auto types = find_strings(*body, "types");
    if (!ids || ids->size() > most_ids || (!types && find_member(*body, "types") != nullptr)) {
        co_return failure(ErrorCode::invalid_parameter,
                          fmt::format("'ids' must be an array of at most {} object ids, and 'types', if there is one, an "
                                      "array of type names.",
                                      most_ids));
    }
    GraphPage page;
    for (const std::string& text : *ids) {
        const auto id = Guid::parse(text);
        if (!id) co_return failure(ErrorCode::invalid_parameter, fmt::format("Invalid object identifier '{}'.", text));
        const auto* principal = context.world().find_principal(*id);
        if (principal == nullptr) continue;
        const std::string_view type = type_of(principal->kind);
        const bool wanted = !types || types->empty() || std::ranges::any_of(*types, [&](const std::string& one) {
            return equals_ignoring_case(one, type) || equals_ignoring_case(one, "directoryObject");
        });
        if (wanted) page.items.push_back(to_json(context.world(), *principal));
    }
    co_return page_response(context, "directoryObjects", std::move(page));
}

} // namespace

std::vector<gateway::Route> directory_object_routes(const Services& services) {
    return graph_routes(
        services, {{.id = "graph.directoryObject.getByIds",
                    .method = http::Method::post,
                    .pattern = "/v1.0/directoryObjects/getByIds",
                    .permissions = {&permissions::users_read, &permissions::groups_read, &permissions::service_principals_read},
                    .body_limit = largest_graph_body,
                    .handler = get_by_ids,
                    .summary = "Reads users, groups and service principals by their ids"}});
}

} // namespace berth::directory
