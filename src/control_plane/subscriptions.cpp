#include "control_plane/subscriptions.hpp"

#include "base/encoding.hpp"
#include "control_plane/errors.hpp"
#include "control_plane/provider_document.hpp"
#include "control_plane/resource_lists.hpp"
#include "gateway/context.hpp"
#include "gateway/response.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <set>

namespace berth::control_plane {
namespace {

using boost::json::array;
using boost::json::object;
using gateway::Context;
using gateway::EntryKind;
using gateway::Route;
using http::Response;
using storage::Session;

bool is_near(const Context& context, const tenant::Subscription& subscription) {
    const auto scope = rbac::Scope::parse(fmt::format("/subscriptions/{}", subscription.id.value()));
    return context.caller().principal && scope &&
           context.world().policy->has_assignment_near(context.caller().subject(), *scope);
}

object to_json(const tenant::World& world, const tenant::Subscription& subscription) {
    return {
        {"id", fmt::format("/subscriptions/{}", subscription.id.value())},
        {"authorizationSource", "RoleBased"},
        {"managedByTenants", array{}},
        {"subscriptionId", subscription.id.value()},
        {"tenantId", world.tenant_id.value()},
        {"displayName", subscription.display_name},
        {"state", subscription.enabled ? "Enabled" : "Disabled"},
        {"subscriptionPolicies",
         object{{"locationPlacementId", "Public_2014-09-01"}, {"quotaId", "PayAsYouGo_2014-09-01"}, {"spendingLimit", "Off"}}}};
}

// The subscription of the path if the caller has anything to do with it. Others learn only that they may not.
Result<const tenant::Subscription*> find_near(const Context& context) {
    const auto* subscription = context.world().find_subscription(context.parameter("subscription"));
    if (subscription != nullptr && is_near(context, *subscription)) return subscription;
    auto refusal = context.require_at(*context.route().entry.permissions.front(), context.scope());
    if (!refusal) return failure(std::move(refusal));
    return failure(ErrorCode::subscription_not_found,
                   fmt::format("The subscription '{}' could not be found.", context.parameter("subscription")));
}

Task<Result<Response>> list_tenants(const Plane&, Context& context) {
    const tenant::World& world = context.world();
    co_return gateway::list_response({object{{"id", fmt::format("/tenants/{}", world.tenant_id.value())},
                                             {"tenantId", world.tenant_id.value()},
                                             {"displayName", world.tenant_name},
                                             {"tenantCategory", "Home"}}});
}

Task<Result<Response>> list_subscriptions(const Plane&, Context& context) {
    array items;
    for (const tenant::Subscription& subscription : context.world().subscriptions) {
        if (is_near(context, subscription)) items.push_back(to_json(context.world(), subscription));
    }
    const std::size_t count = items.size();
    co_return gateway::json_response(
        200, object{{"value", std::move(items)}, {"count", object{{"type", "Total"}, {"value", count}}}});
}

Task<Result<Response>> get_subscription(const Plane&, Context& context) {
    auto subscription = find_near(context);
    if (!subscription) co_return failure(std::move(subscription));
    co_return gateway::json_response(200, to_json(context.world(), **subscription));
}

// The locations that resource groups of the subscription are in: to berth a location is a name that its owner gives.
Result<std::set<std::string>> read_locations(Session& session, const Guid& subscription) {
    constexpr std::size_t rows_at_once = 200;
    std::set<std::string> out;
    std::string after;
    while (true) {
        auto rows = tenant::list_resources(session, subscription, std::nullopt, "Microsoft.Resources/resourceGroups", after,
                                           rows_at_once);
        if (!rows) return failure(std::move(rows));
        for (const tenant::Resource& group : *rows) out.insert(group.location);
        if (rows->size() < rows_at_once) return out;
        after = rows->back().scope.key();
    }
}

Task<Result<Response>> list_locations(const Plane& plane, Context& context) {
    auto subscription = find_near(context);
    if (!subscription) co_return failure(std::move(subscription));
    const Guid& id = (*subscription)->id;
    const auto read = [&](Session& session) { return read_locations(session, id); };
    auto reading = plane.services.database.read(storage::ReadKind::scan, read);
    auto locations = co_await std::move(reading);
    if (!locations) co_return failure(std::move(locations));
    array items;
    for (const std::string& name : *locations) {
        items.push_back(object{{"id", fmt::format("/subscriptions/{}/locations/{}", id.value(), name)},
                               {"name", name},
                               {"type", "Region"},
                               {"displayName", name},
                               {"regionalDisplayName", name},
                               {"metadata", object{{"regionType", "Physical"}, {"regionCategory", "Recommended"}}}});
    }
    co_return gateway::list_response(std::move(items));
}

Task<Result<Response>> list_providers(const Plane& plane, Context& context) {
    auto subscription = find_near(context);
    if (!subscription) co_return failure(std::move(subscription));
    array items;
    for (const std::string& name : provider_names(plane)) {
        items.push_back(*provider_document(plane, (*subscription)->id, name));
    }
    co_return gateway::list_response(std::move(items));
}

// The operation that registering a provider is, if the provider has one.
std::string register_operation(std::string_view provider) { return fmt::format("{}/register/action", provider); }
std::string unregister_operation(std::string_view provider) { return fmt::format("{}/unregister/action", provider); }

// Every provider that berth has is registered: nothing to do but to say so, to who may register it.
Task<Result<Response>> get_provider(const Plane& plane, Context& context);
Task<Result<Response>> register_provider(const Plane& plane, Context& context) {
    for (const gateway::Permission* permission : context.route().entry.permissions) {
        if (!equals_ignoring_case(permission->name, register_operation(context.parameter("provider")))) continue;
        auto allowed = context.require_at(*permission, context.scope());
        if (!allowed) co_return failure(std::move(allowed));
    }
    co_return co_await get_provider(plane, context);
}

// Nothing of berth's can be taken out of a subscription: said to who could do it in Azure.
Task<Result<Response>> unregister_provider(const Plane& plane, Context& context) {
    for (const gateway::Permission* permission : context.route().entry.permissions) {
        if (!equals_ignoring_case(permission->name, unregister_operation(context.parameter("provider")))) continue;
        auto allowed = context.require_at(*permission, context.scope());
        if (!allowed) co_return failure(std::move(allowed));
    }
    auto known = co_await get_provider(plane, context);
    if (!known) co_return known;
    co_return arm_failure(ErrorCode::conflict, "ResourceProviderAlwaysRegistered",
                          fmt::format("The resource provider '{}' is part of berth and registered in every subscription: it "
                                      "cannot be unregistered. To keep people from using it, take their roles away, or make a "
                                      "deny assignment.",
                                      context.parameter("provider")));
}

Task<Result<Response>> get_provider(const Plane& plane, Context& context) {
    auto subscription = find_near(context);
    if (!subscription) co_return failure(std::move(subscription));
    auto document = provider_document(plane, (*subscription)->id, context.parameter("provider"));
    if (!document) {
        co_return failure(ErrorCode::not_found,
                          fmt::format("The resource provider '{}' is none that berth has.", context.parameter("provider")));
    }
    co_return gateway::json_response(200, *document);
}

} // namespace

std::vector<Route> subscription_routes(const std::shared_ptr<Plane>& plane) {
    std::vector<Route> out;
    const auto add = [&](std::string_view id, http::Method method, std::string_view pattern, std::string_view scope,
                         std::vector<const gateway::Permission*> permissions,
                         Task<Result<Response>> (*handler)(const Plane&, Context&), std::string_view summary) {
        Route route;
        route.id = id;
        route.method = method;
        route.pattern = pattern;
        route.protocol = gateway::Protocol::resource_manager;
        route.entry = {EntryKind::filter, std::move(permissions), {}};
        route.scope = scope;
        route.handler = [plane, handler](Context& context) { return handler(*plane, context); };
        route.summary = summary;
        out.push_back(std::move(route));
    };
    constexpr std::string_view one = "/subscriptions/{subscription}";
    const auto* subscription_read = &plane->permission("Microsoft.Resources/subscriptions/read");
    const auto* providers_read = &plane->permission("Microsoft.Resources/subscriptions/providers/read");
    std::vector<const gateway::Permission*> every_read;
    for (const ResourceType& type : plane->types()) {
        if (!type.is_group && type.has_location)
            every_read.push_back(&plane->permission(fmt::format("{}/read", type.operations)));
    }
    std::vector<const gateway::Permission*> registers;
    std::vector<const gateway::Permission*> unregisters;
    for (const std::string& provider : provider_names(*plane)) {
        const std::string operation = register_operation(provider);
        if (rbac::Operation::find(operation, false)) registers.push_back(&plane->permission(operation));
        const std::string opposite = unregister_operation(provider);
        if (rbac::Operation::find(opposite, false)) unregisters.push_back(&plane->permission(opposite));
    }
    using enum http::Method;
    add("arm.tenant.list", get, "/tenants", "/", {&plane->permission("Microsoft.Resources/tenants/read")}, list_tenants,
        "Lists the tenant of this directory");
    add("arm.subscription.list", get, "/subscriptions", "/", {subscription_read}, list_subscriptions,
        "Lists the subscriptions in which the caller has any role");
    add("arm.subscription.get", get, one, one, {subscription_read}, get_subscription, "Reads a subscription");
    add("arm.location.list", get, "/subscriptions/{subscription}/locations", one,
        {&plane->permission("Microsoft.Resources/subscriptions/locations/read")}, list_locations,
        "Lists the locations in use in a subscription");
    add("arm.provider.list", get, "/subscriptions/{subscription}/providers", one, {providers_read}, list_providers,
        "Lists the resource providers");
    add("arm.provider.get", get, "/subscriptions/{subscription}/providers/{provider}", one, {providers_read}, get_provider,
        "Describes a resource provider");
    add("arm.provider.register", post, "/subscriptions/{subscription}/providers/{provider}/register", one, std::move(registers),
        register_provider, "Answers that the resource provider is registered: all of them always are");
    add("arm.provider.unregister", post, "/subscriptions/{subscription}/providers/{provider}/unregister", one,
        std::move(unregisters), unregister_provider, "Refuses to take a resource provider out of the subscription");
    add("arm.resource.list", get, "/subscriptions/{subscription}/resources", one, every_read, list_all_resources,
        "Lists the resources of a subscription that the caller may read");
    add("arm.resource.listInGroup", get, "/subscriptions/{subscription}/resourceGroups/{group}/resources",
        "/subscriptions/{subscription}/resourceGroups/{group}", every_read, list_all_resources,
        "Lists the resources of a resource group that the caller may read");
    return out;
}

} // namespace berth::control_plane
