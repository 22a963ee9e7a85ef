#include "control_plane/features.hpp"

#include "control_plane/errors.hpp"
#include "gateway/context.hpp"
#include "gateway/response.hpp"

#include <fmt/format.h>

namespace berth::control_plane {
namespace {

using gateway::Context;
using http::Response;

Task<Result<Response>> list(Context&) { co_return gateway::list_response({}); }

Task<Result<Response>> refuse(Context& context) {
    co_return arm_failure(ErrorCode::not_found, "FeatureNotFound",
                          fmt::format("The feature '{}' could not be found. berth has no features to register: what it can do, "
                                      "every subscription can do.",
                                      context.parameter("feature")));
}

} // namespace

std::vector<gateway::Route> feature_routes(const std::shared_ptr<Plane>& plane) {
    std::vector<gateway::Route> out;
    constexpr std::string_view subscription = "/subscriptions/{subscription}";
    const auto add = [&](std::string_view id, http::Method method, std::string_view below, std::string_view operation,
                         Task<Result<Response>> (*handler)(Context&), std::string_view summary) {
        gateway::Route route;
        route.id = id;
        route.method = method;
        route.pattern = plane->keep(fmt::format("{}/providers/Microsoft.Features/{}", subscription, below));
        route.protocol = gateway::Protocol::resource_manager;
        route.entry = {gateway::EntryKind::all, {&plane->permission(fmt::format("Microsoft.Features/{}", operation))}, {}};
        route.scope = subscription;
        route.handler = handler;
        route.summary = summary;
        out.push_back(std::move(route));
    };
    constexpr std::string_view of_provider = "providers/{provider}/features";
    constexpr std::string_view one = "providers/{provider}/features/{feature}";
    using enum http::Method;
    add("arm.feature.list", get, "features", "features/read", list, "Lists Azure's previews, of which berth has none");
    add("arm.feature.listOfProvider", get, of_provider, "providers/features/read", list,
        "Lists a provider's previews, of which there are none");
    add("arm.feature.get", get, one, "providers/features/read", refuse, "Reads a preview: there is none");
    add("arm.feature.register", post, plane->keep(fmt::format("{}/register", one)), "providers/features/register/action",
        refuse, "Registers a preview: there is none");
    add("arm.feature.unregister", post, plane->keep(fmt::format("{}/unregister", one)), "providers/features/unregister/action",
        refuse, "Unregisters a preview: there is none");
    add("arm.featureRegistration.list", get, "subscriptionFeatureRegistrations", "subscriptionFeatureRegistrations/read", list,
        "Lists the previews that a subscription takes part in: none");
    return out;
}

} // namespace berth::control_plane
