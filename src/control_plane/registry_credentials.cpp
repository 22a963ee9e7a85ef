#include "control_plane/registry_credentials.hpp"

#include "base/strict_json.hpp"
#include "control_plane/errors.hpp"
#include "gateway/response.hpp"
#include "storage/events.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

namespace berth::control_plane {
namespace {

using gateway::Context;
using gateway::Services;
using http::Response;
using tenant::Resource;

Result<const tenant::Registry*> enabled_admin(const Context& context, const Resource& resource) {
    const auto* registry = context.world().find_registry(resource.guid);
    if (registry != nullptr && registry->admin_user_enabled) return registry;
    return arm_failure(ErrorCode::invalid_parameter, "UnAuthorizedForCredentialOperations",
                       fmt::format("Cannot perform credential operations for {} as admin user is disabled. Kindly enable "
                                   "admin user as per docs: https://docs.microsoft.com/en-us/azure/container-registry/"
                                   "container-registry-authentication#admin-account",
                                   resource.scope.value()));
}

Task<Result<Response>> answer(const Services& services, const tenant::Registry& registry) {
    auto passwords = co_await services.credentials.admin_passwords(registry);
    if (!passwords) co_return failure(std::move(passwords));
    boost::json::array list;
    for (const auto& [name, secret] : *passwords) {
        list.push_back(boost::json::object{{"name", name}, {"value", secret.reveal()}});
    }
    co_return gateway::json_response(200, boost::json::object{{"username", registry.name}, {"passwords", std::move(list)}});
}

Task<Result<Response>> run_list(const Services& services, Context& context, const Resource& resource) {
    auto registry = enabled_admin(context, resource);
    if (!registry) co_return failure(std::move(registry));
    co_return co_await answer(services, **registry);
}

Task<Result<Response>> run_regenerate(const Services& services, Context& context, const Resource& resource) {
    auto json = co_await context.json_body();
    if (!json) co_return failure(std::move(json));
    const auto name = find_string(*json, "name");
    if (!name || (*name != "password" && *name != "password2")) {
        co_return failure(ErrorCode::invalid_parameter, "'name' must be 'password' or 'password2'.");
    }
    auto registry = enabled_admin(context, resource);
    if (!registry) co_return failure(std::move(registry));
    auto event = context.event("registry.regenerateCredential", {{"id", resource.scope.value()}, {"name", *name}});
    event.registry = resource.row;
    std::function<Result<void>(storage::Session&)> beside = [&context, &event](storage::Session& session) -> Result<void> {
        auto still = context.decide_in(session);
        if (!still) return failure(std::move(still));
        return storage::append_event(session, context.now(), event);
    };
    auto regenerating = services.credentials.regenerate_admin_password(**registry, *name, std::move(beside));
    auto regenerated = co_await std::move(regenerating);
    if (!regenerated) co_return failure(std::move(regenerated));
    co_return co_await answer(services, **registry);
}

} // namespace

Action list_credentials() {
    return {.name = "listCredentials",
            .operation = "Microsoft.ContainerRegistry/registries/listCredentials/action",
            .run = run_list,
            .summary = "Shows the admin user's name and passwords"};
}

Action regenerate_credential() {
    return {.name = "regenerateCredential",
            .operation = "Microsoft.ContainerRegistry/registries/regenerateCredential/action",
            .run = run_regenerate,
            .summary = "Makes a new admin password"};
}

} // namespace berth::control_plane
