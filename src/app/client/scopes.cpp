#include "app/client/scopes.hpp"

#include "base/encoding.hpp"
#include "base/guid.hpp"
#include "base/strict_json.hpp"

#include <fmt/format.h>

namespace berth::app {
namespace {

Argument group_argument(std::string what) {
    return {.name = "-g,--resource-group", .what = std::move(what), .placeholder = "NAME"};
}

} // namespace

Argument subscription_argument() {
    return {.name = "--subscription", .what = "Id or name; the sign-in's when left out", .placeholder = "SUBSCRIPTION"};
}

std::vector<Argument> group_arguments() { return {group_argument("The sign-in's when left out"), subscription_argument()}; }

std::vector<Argument> registry_arguments() {
    return {{.name = "-r,--registry", .what = "Name or ARM id of the registry", .required = true, .placeholder = "REGISTRY"},
            group_argument("Where the registry lies; found by its name when left out"),
            subscription_argument()};
}

std::vector<Argument> scope_arguments() {
    return {{.name = "--scope", .what = "ARM id; the subscription when nothing is named", .placeholder = "SCOPE"},
            {.name = "-r,--registry", .what = "At this registry (name or ARM id)", .placeholder = "REGISTRY"},
            group_argument("At this resource group"),
            subscription_argument()};
}

Result<std::string> subscription_scope(Session& session, const Values& values) {
    const std::string named = values.text("subscription");
    if (named.empty()) return session.subscription_scope();
    if (const auto id = Guid::parse(named)) return "/subscriptions/" + id->value();
    auto all = session.list_arm("/subscriptions");
    if (!all) return failure(std::move(all));
    for (const auto& one : *all) {
        if (equals_ignoring_case(find_string(one, "displayName").value_or(""), named)) {
            return "/subscriptions/" + std::string(find_string(one, "subscriptionId").value_or(""));
        }
    }
    return failure(ErrorCode::not_found, fmt::format("There is no subscription '{}' that you may see.", named));
}

Result<std::string> group_scope(Session& session, const Values& values) {
    auto subscription = subscription_scope(session, values);
    if (!subscription) return subscription;
    const std::string name = values.given("resource-group") ? values.text("resource-group") : session.profile().resource_group;
    if (name.empty()) {
        return failure(ErrorCode::invalid_parameter,
                       "Which resource group? Name it with --resource-group, or once for all with 'berth login "
                       "--resource-group NAME'.");
    }
    auto segment = encode_segment(name);
    if (!segment) return segment;
    return *subscription + "/resourceGroups/" + *segment;
}

Result<std::string> registry_scope(Session& session, const Values& values, const std::string& name) {
    if (name.starts_with('/')) return encode_path(name);
    auto segment = encode_segment(name);
    if (!segment) return segment;
    const std::string below = "/providers/Microsoft.ContainerRegistry/registries";
    if (values.given("resource-group")) {
        auto group = group_scope(session, values);
        if (!group) return group;
        return *group + below + '/' + *segment;
    }
    auto subscription = subscription_scope(session, values);
    if (!subscription) return subscription;
    auto all = session.list_arm(*subscription + below);
    if (!all) return failure(std::move(all));
    for (const auto& item : *all) {
        if (equals_ignoring_case(find_string(item, "name").value_or(""), name)) {
            return std::string(find_string(item, "id").value_or(""));
        }
    }
    return failure(
        ErrorCode::not_found,
        fmt::format("There is no registry '{}' that you may read. 'berth registry list' shows those that you may.", name));
}

Result<std::string> named_scope(Session& session, const Values& values) {
    if (values.given("scope")) {
        const std::string scope = values.text("scope");
        if (!scope.starts_with('/')) {
            return failure(ErrorCode::invalid_parameter,
                           fmt::format("--scope takes an ARM id, which begins with '/', not '{}'. For a registry's name there "
                                       "is --registry.",
                                       scope));
        }
        auto encoded = encode_path(scope);
        while (encoded && encoded->ends_with('/')) encoded->pop_back(); // "/" itself becomes empty, as paths are joined
        return encoded;
    }
    if (values.given("registry")) return registry_scope(session, values, values.text("registry"));
    if (values.given("resource-group")) return group_scope(session, values);
    return subscription_scope(session, values);
}

} // namespace berth::app
