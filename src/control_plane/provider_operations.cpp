#include "control_plane/provider_operations.hpp"

#include "base/encoding.hpp"
#include "gateway/context.hpp"
#include "gateway/response.hpp"
#include "rbac/operation.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <map>

namespace berth::control_plane {
namespace {

using boost::json::array;
using boost::json::object;
using gateway::Context;
using gateway::Route;
using http::Response;
using rbac::Operation;

// `registries/webhooks/ping/action` is `ping/action` of the type `registries/webhooks`.
struct Parts {
    std::string_view provider;
    std::string_view type; // empty for operations of the provider itself
    std::string_view verb;
};

Parts parts_of(std::string_view name) {
    Parts parts;
    parts.provider = name.substr(0, name.find('/'));
    std::string_view rest = name.substr(std::min(parts.provider.size() + 1, name.size()));
    std::size_t cut = rest.rfind('/');
    if (rest.ends_with("/action") && cut != std::string_view::npos) cut = rest.substr(0, cut).rfind('/');
    parts.verb = cut == std::string_view::npos ? rest : rest.substr(cut + 1);
    parts.type = cut == std::string_view::npos ? std::string_view() : rest.substr(0, cut);
    return parts;
}

std::string display_name(const Parts& parts) {
    const std::string_view type = parts.type.empty() ? parts.provider : parts.type;
    if (parts.verb == "read") return fmt::format("Read {}", type);
    if (parts.verb == "write") return fmt::format("Create or change {}", type);
    if (parts.verb == "delete") return fmt::format("Delete {}", type);
    return fmt::format("{} on {}", parts.verb.substr(0, parts.verb.find('/')), type);
}

object to_json(Operation operation) {
    const std::string shown = display_name(parts_of(operation.name()));
    return {{"name", operation.name()}, {"displayName", shown},  {"description", shown},
            {"origin", "user,system"},  {"properties", nullptr}, {"isDataAction", operation.is_data_action()}};
}

Task<Result<Response>> get(Context& context) {
    auto operations = provider_operations(context.parameter("provider"));
    if (!operations) {
        co_return failure(ErrorCode::not_found,
                          fmt::format("The resource provider '{}' has no operations in berth.", context.parameter("provider")));
    }
    co_return gateway::json_response(200, *operations);
}

Task<Result<Response>> list(Context&) {
    std::map<std::string_view, bool> providers;
    for (std::size_t i = 0; i < Operation::count(); ++i) providers[parts_of(Operation::at(i).name()).provider] = true;
    array items;
    for (const auto& [provider, known] : providers) items.push_back(*provider_operations(provider));
    co_return gateway::list_response(std::move(items));
}

} // namespace

std::optional<object> provider_operations(std::string_view provider) {
    std::map<std::string_view, array> by_type;
    std::string_view spelled;
    for (std::size_t i = 0; i < Operation::count(); ++i) {
        const Operation operation = Operation::at(i);
        const Parts parts = parts_of(operation.name());
        if (!equals_ignoring_case(parts.provider, provider)) continue;
        spelled = parts.provider;
        by_type[parts.type].push_back(to_json(operation));
    }
    if (by_type.empty()) return std::nullopt;
    array types;
    array own;
    for (auto& [type, operations] : by_type) {
        if (type.empty()) {
            own = std::move(operations);
        } else {
            types.push_back(object{{"name", type}, {"displayName", type}, {"operations", std::move(operations)}});
        }
    }
    return object{{"id", fmt::format("/providers/Microsoft.Authorization/providerOperations/{}", spelled)},
                  {"type", "Microsoft.Authorization/providerOperations"},
                  {"name", spelled},
                  {"displayName", spelled},
                  {"resourceTypes", std::move(types)},
                  {"operations", std::move(own)}};
}

std::vector<Route> provider_operation_routes(const std::shared_ptr<Plane>& plane) {
    // Every role definition can be written by these names: whoever is signed in may know them, as in Azure.
    const auto* read = &plane->permission("Microsoft.Authorization/providerOperations/read");
    std::vector<Route> out;
    const auto add = [&](std::string_view id, std::string_view pattern, Task<Result<Response>> (*handler)(Context&),
                         std::string_view summary) {
        Route route;
        route.id = id;
        route.method = http::Method::get;
        route.pattern = pattern;
        route.protocol = gateway::Protocol::resource_manager;
        route.entry = {gateway::EntryKind::filter, {read}, {}};
        route.scope = "/";
        route.handler = [plane, handler](Context& context) { return handler(context); };
        route.summary = summary;
        out.push_back(std::move(route));
    };
    add("arm.providerOperation.list", "/providers/Microsoft.Authorization/providerOperations", list,
        "Lists the operations of all resource providers");
    add("arm.providerOperation.get", "/providers/Microsoft.Authorization/providerOperations/{provider}", get,
        "Lists the operations of a resource provider");
    return out;
}

} // namespace berth::control_plane
