#include "control_plane/resource_lists.hpp"

#include "base/encoding.hpp"
#include "control_plane/paging.hpp"
#include "control_plane/resource_filter.hpp"
#include "gateway/response.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <functional>

namespace berth::control_plane {
namespace {

using gateway::Context;
using http::Response;
using storage::Session;
using tenant::Resource;

constexpr std::size_t rows_at_once = 200;

// What a list walks over, and what it shows of it.
struct Walk {
    Guid subscription;
    std::optional<std::string> group;
    std::optional<std::string> type;
    std::optional<rbac::Scope> below; // resources below this one only
    std::function<bool(const Resource&)> shows;
    std::function<boost::json::object(const Resource&)> to_json;
};

// Reads on until the page is full, so that a page is empty only at the end however much of it the caller may not see.
Task<Result<Response>> walk_page(const Plane& plane, Context& context, const Walk& walk) {
    auto page = parse_list_page(context.query());
    if (!page) co_return failure(std::move(page));
    std::string after = page->after;
    if (walk.below) after = std::max(after, walk.below->key() + "/");
    boost::json::array items;
    std::string last;
    while (true) {
        const auto read = [&](Session& session) {
            return tenant::list_resources(session, walk.subscription, walk.group, walk.type, after, rows_at_once);
        };
        auto reading = plane.services.database.read(storage::ReadKind::page, read);
        auto rows = co_await std::move(reading);
        if (!rows) co_return failure(std::move(rows));
        for (const Resource& resource : *rows) {
            if (walk.below && !walk.below->covers(resource.scope)) co_return gateway::list_response(std::move(items));
            if (!walk.shows(resource)) continue;
            if (items.size() == page->limit) {
                co_return gateway::list_response(std::move(items), next_page(context, last));
            }
            items.push_back(walk.to_json(resource));
            last = resource.scope.key();
        }
        if (rows->size() < rows_at_once) co_return gateway::list_response(std::move(items));
        after = rows->back().scope.key();
    }
}

// A group or a parent that is missing is told to those who could read it; the others see an empty list, as of one that
// holds nothing for them.
Task<Result<void>> check_parent(const Plane& plane, Context& context) {
    if (context.scope().kind() == rbac::ScopeKind::subscription) co_return Result<void>();
    const auto read = [&](Session& session) { return tenant::find_resource(session, context.scope()); };
    auto reading = plane.services.database.read(storage::ReadKind::point, read);
    auto found = co_await std::move(reading);
    if (!found) co_return failure(std::move(found));
    if (*found || !context.may_at(*context.route().entry.permissions.front(), context.scope())) co_return Result<void>();
    if (context.scope().kind() == rbac::ScopeKind::resource_group) {
        co_return failure(ErrorCode::resource_group_not_found,
                          fmt::format("Resource group '{}' could not be found.", context.parameter("group")));
    }
    co_return failure(ErrorCode::not_found, fmt::format("The Resource '{}' was not found. For more details please go to "
                                                        "https://aka.ms/ARMResourceNotFoundFix",
                                                        context.scope().value()));
}

Result<const tenant::Subscription*> subscription_of(const Context& context) {
    const auto* subscription = context.world().find_subscription(context.parameter("subscription"));
    if (subscription != nullptr) return subscription;
    return failure(ErrorCode::subscription_not_found,
                   fmt::format("The subscription '{}' could not be found.", context.parameter("subscription")));
}

// `$expand` of generic lists adds to each item what it names.
void expand(boost::json::object& item, const Resource& resource, std::string_view wanted) {
    const std::string lower = to_lower(wanted);
    if (lower.contains("createdtime")) item["createdTime"] = to_rfc3339(resource.created_at);
    if (lower.contains("changedtime")) item["changedTime"] = to_rfc3339(resource.updated_at);
    if (lower.contains("provisioningstate")) {
        const auto* state = resource.properties.if_contains("provisioningState");
        item["provisioningState"] = state != nullptr ? *state : boost::json::value("Succeeded");
    }
}

} // namespace

Task<Result<Response>> list_resources(const Plane& plane, const ResourceType& type, Context& context) {
    auto subscription = subscription_of(context);
    if (!subscription) co_return failure(std::move(subscription));
    auto parent = co_await check_parent(plane, context);
    if (!parent) co_return failure(std::move(parent));
    Walk walk{.subscription = (*subscription)->id,
              .group = std::nullopt,
              .type = std::string(type.name),
              .below = std::nullopt,
              .shows = nullptr,
              .to_json = nullptr};
    if (!type.is_group && !context.parameter("group").empty()) walk.group = context.parameter("group");
    if (context.scope().kind() == rbac::ScopeKind::resource) walk.below = context.scope();
    const gateway::Permission& permission = *context.route().entry.permissions.front();
    auto filter = ResourceFilter::parse(type.is_group ? context.query().find("$filter").value_or("") : "");
    if (!filter) co_return failure(std::move(filter));
    walk.shows = [&](const Resource& resource) {
        return filter->matches(resource) && context.may_at(permission, resource.scope);
    };
    walk.to_json = [&](const Resource& resource) {
        return control_plane::to_json(plane.services, context.world(), type, resource);
    };
    co_return co_await walk_page(plane, context, walk);
}

Task<Result<Response>> list_all_resources(const Plane& plane, Context& context) {
    auto subscription = subscription_of(context);
    if (!subscription) co_return failure(std::move(subscription));
    auto filter = ResourceFilter::parse(context.query().find("$filter").value_or(""));
    if (!filter) co_return failure(std::move(filter));

    Walk walk{.subscription = (*subscription)->id,
              .group = std::nullopt,
              .type = filter->only_type(),
              .below = std::nullopt,
              .shows = nullptr,
              .to_json = nullptr};
    if (!context.parameter("group").empty()) walk.group = context.parameter("group");
    walk.shows = [&](const Resource& resource) {
        const ResourceType* type = plane.find_type(resource.type);
        if (type == nullptr || type->is_group || !type->has_location) return false;
        if (!filter->matches(resource)) return false;
        const std::string read = fmt::format("{}/read", type->operations);
        for (const gateway::Permission* permission : context.route().entry.permissions) {
            if (permission->name == read) return context.may_at(*permission, resource.scope);
        }
        return false;
    };
    const std::string_view wanted = context.query().find("$expand").value_or("");
    walk.to_json = [&](const Resource& resource) {
        auto item = to_summary(*plane.find_type(resource.type), resource);
        expand(item, resource, wanted);
        return item;
    };
    co_return co_await walk_page(plane, context, walk);
}

} // namespace berth::control_plane
