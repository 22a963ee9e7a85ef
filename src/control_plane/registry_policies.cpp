#include "control_plane/registry_policies.hpp"

#include "control_plane/errors.hpp"
#include "control_plane/registries.hpp"
#include "gateway/response.hpp"
#include "storage/events.hpp"

namespace berth::control_plane {
namespace {

using boost::json::object;
using boost::json::value;
using gateway::Context;
using gateway::Services;
using http::Response;
using storage::Session;
using tenant::Resource;

value policies_of(const Services& services, const Resource& registry) {
    const ResourceType type = registries();
    object properties = complete_properties(type.properties, registry.properties);
    type.show(services, registry, properties);
    return properties["policies"];
}

Task<Result<Response>> run_list(const Services& services, Context&, const Resource& registry) {
    co_return gateway::json_response(200, policies_of(services, registry));
}

Task<Result<Response>> run_update(const Services& services, Context& context, const Resource& registry) {
    auto json = co_await context.json_body();
    if (!json) co_return failure(std::move(json));
    if (!json->is_object()) {
        co_return arm_failure(ErrorCode::invalid_parameter, "InvalidRequestContent",
                              "The request content must be a JSON object of policies.");
    }
    const ResourceType type = registries();
    const value sent(object{{"policies", *json}});
    auto event = context.event("registry.write", {{"id", registry.scope.value()}, {"created", false}});
    event.registry = registry.row;
    const auto write = [&](Session& session) -> Result<Resource> {
        auto still = context.decide_in(session);
        if (!still) return failure(std::move(still));
        auto found = tenant::find_resource(session, registry.scope);
        if (!found) return failure(std::move(found));
        if (!*found) return failure(ErrorCode::not_found, "The registry was deleted a moment ago.");
        Resource next = **found;
        auto properties = apply_properties(type.properties, sent, complete_properties(type.properties, next.properties));
        if (!properties) return failure(std::move(properties));
        next.properties = std::move(*properties);
        next.updated_at = context.now();
        next.updated_by = context.actor();
        if (auto checked = type.before_write(session, next, &**found, sent); !checked) return failure(std::move(checked));
        if (auto updated = tenant::update_resource(session, next); !updated) return failure(std::move(updated));
        if (auto left = storage::append_event(session, context.now(), event); !left) return failure(std::move(left));
        return next;
    };
    auto writing = services.database.write(write);
    auto written = co_await std::move(writing);
    if (!written) co_return failure(std::move(written));
    auto refreshed = co_await services.tenancy.refresh();
    if (!refreshed) co_return failure(std::move(refreshed));
    co_return gateway::json_response(200, policies_of(services, *written));
}

} // namespace

Action list_policies() {
    return {.name = "listPolicies",
            .method = http::Method::get,
            .operation = "Microsoft.ContainerRegistry/registries/listPolicies/read",
            .run = run_list,
            .summary = "Shows the policies of a registry"};
}

Action update_policies() {
    return {.name = "updatePolicies",
            .operation = "Microsoft.ContainerRegistry/registries/updatePolicies/write",
            .run = run_update,
            .summary = "Changes the policies of a registry"};
}

} // namespace berth::control_plane
