#include "control_plane/name_availability.hpp"

#include "base/encoding.hpp"
#include "base/names.hpp"
#include "base/strict_json.hpp"
#include "control_plane/registries.hpp"
#include "gateway/context.hpp"
#include "gateway/response.hpp"

#include <fmt/format.h>

namespace berth::control_plane {
namespace {

using boost::json::object;
using gateway::Context;
using http::Response;

constexpr std::string_view registries_type = "Microsoft.ContainerRegistry/registries";

object unavailable(std::string_view reason, std::string message) {
    return {{"nameAvailable", false}, {"reason", reason}, {"message", std::move(message)}};
}

Task<Result<Response>> check(const Plane& plane, Context& context) {
    auto json = co_await context.json_body();
    if (!json) co_return failure(std::move(json));
    const auto name = find_string(*json, "name");
    const auto type = find_string(*json, "type");
    if (!name || !type) co_return failure(ErrorCode::invalid_parameter, "'name' and 'type' must be strings.");
    if (!equals_ignoring_case(*type, registries_type)) {
        co_return failure(ErrorCode::invalid_parameter, fmt::format("'type' must be '{}'.", registries_type));
    }
    const auto& naming = plane.services.tenancy.naming();
    if (!is_registry_name(*name)) {
        co_return gateway::json_response(200, unavailable("Invalid", registry_name_message(*name)));
    }
    for (const tenant::Registry& registry : context.world().registries()) {
        if (equals_ignoring_case(registry.name, *name)) {
            co_return gateway::json_response(
                200, unavailable("AlreadyExists", fmt::format("The registry {} is already in use.", *name)));
        }
    }
    co_return gateway::json_response(200,
                                     object{{"nameAvailable", true}, {"availableLoginServerName", naming.login_server(*name)}});
}

} // namespace

gateway::Route name_availability_route(const std::shared_ptr<Plane>& plane) {
    gateway::Route route;
    route.id = "arm.registry.checkNameAvailability";
    route.method = http::Method::post;
    route.pattern = "/subscriptions/{subscription}/providers/Microsoft.ContainerRegistry/checkNameAvailability";
    route.protocol = gateway::Protocol::resource_manager;
    route.entry = {gateway::EntryKind::all, {&plane->permission("Microsoft.ContainerRegistry/checkNameAvailability/read")}, {}};
    route.scope = "/subscriptions/{subscription}";
    route.body_limit = std::uint64_t{64} << 10;
    route.handler = [plane](Context& context) { return check(*plane, context); };
    route.summary = "Says whether a registry name is valid and free";
    return route;
}

} // namespace berth::control_plane
