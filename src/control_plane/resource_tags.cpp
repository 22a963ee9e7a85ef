#include "control_plane/resource_tags.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "control_plane/authorization_ids.hpp"
#include "control_plane/errors.hpp"
#include "control_plane/extended_scope.hpp"
#include "control_plane/resource_body.hpp"
#include "control_plane/scoped_routes.hpp"
#include "gateway/context.hpp"
#include "gateway/response.hpp"
#include "storage/events.hpp"
#include "tenant/subscription_store.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <map>

namespace berth::control_plane {
namespace {

using boost::json::object;
using gateway::Context;
using http::Response;
using storage::Session;
using tenant::Resource;

constexpr std::uint64_t largest_body = std::uint64_t{64} << 10;
constexpr std::size_t rows_at_once = 200;

std::unexpected<Error> invalid(std::string message) { return failure(ErrorCode::invalid_parameter, std::move(message)); }

// What has tags: a subscription, or a resource of a type that has them.
struct Tagged {
    rbac::Scope scope = rbac::Scope::root();
    std::optional<Guid> subscription;
    std::optional<Resource> resource;
    object tags;
};

Result<Tagged> find_tagged(const Plane& plane, Session& session, const tenant::World& world, const rbac::Scope& at) {
    auto scope = find_extended_scope(session, world, at);
    if (!scope) return failure(std::move(scope));
    Tagged out{.scope = std::move(*scope), .subscription = std::nullopt, .resource = std::nullopt, .tags = {}};
    if (out.scope.kind() == rbac::ScopeKind::subscription) {
        out.subscription = subscription_of(world, out.scope)->id;
        auto tags = tenant::subscription_tags(session, *out.subscription);
        if (!tags) return failure(std::move(tags));
        out.tags = std::move(*tags);
        return out;
    }
    if (out.scope.kind() == rbac::ScopeKind::resource_group || out.scope.kind() == rbac::ScopeKind::resource) {
        auto found = tenant::find_resource(session, out.scope);
        if (!found) return failure(std::move(found));
        const ResourceType* type = *found ? plane.find_type((*found)->type) : nullptr;
        if (type != nullptr && type->has_location) {
            out.resource = std::move(**found);
            out.tags = out.resource->tags;
            return out;
        }
    }
    return arm_failure(
        ErrorCode::invalid_parameter, "ResourceTypeNotSupported",
        fmt::format("'{}' has no tags: subscriptions, resource groups and resources with a location have.", out.scope.value()));
}

object to_json(const Tagged& tagged) {
    return {{"id", fmt::format("{}/providers/Microsoft.Resources/tags/default", tagged.scope.value())},
            {"name", "default"},
            {"type", "Microsoft.Resources/tags"},
            {"properties", object{{"tags", tagged.tags}}}};
}

Result<void> keep(Session& session, const Context& context, Tagged& tagged) {
    if (auto sound = check_tags(tagged.tags); !sound) return sound;
    if (tagged.subscription) {
        if (auto kept = tenant::set_subscription_tags(session, *tagged.subscription, tagged.tags); !kept) return kept;
    } else {
        tagged.resource->tags = tagged.tags;
        tagged.resource->updated_at = context.now();
        tagged.resource->updated_by = context.actor();
        if (auto kept = tenant::update_resource(session, *tagged.resource); !kept) return kept;
    }
    return storage::append_event(session, context.now(), context.event("tags.write", {{"id", tagged.scope.value()}}));
}

// How the tags that are there and those that were sent make the new ones.
enum class Change : std::uint8_t { replace, merge, remove };

// Names are the same without regard to case.
void erase_tag(object& tags, std::string_view name) {
    for (auto* tag = tags.begin(); tag != tags.end(); ++tag) {
        if (!equals_ignoring_case(tag->key(), name)) continue;
        tags.erase(tag);
        return;
    }
}

object changed(Change change, object tags, const object& sent) {
    if (change == Change::replace) return sent;
    for (const auto& [name, value] : sent) {
        erase_tag(tags, name);
        if (change == Change::merge) tags[name] = value;
    }
    return tags;
}

Result<object> parse_tags(const boost::json::value& body) {
    const auto* properties = find_member(body, "properties");
    const auto* tags = properties != nullptr ? find_member(*properties, "tags") : nullptr;
    if (tags == nullptr) return invalid("The request content must be {\"properties\": {\"tags\": {…}}}.");
    if (auto sound = check_tags(*tags); !sound) return failure(std::move(sound));
    return tags->get_object();
}

Task<Result<Response>> write_tags(const Plane& plane, Context& context, Change change, object sent) {
    const auto write = [&](Session& session) -> Result<Tagged> {
        auto world = context.decide_in(session);
        if (!world) return failure(std::move(world));
        auto tagged = find_tagged(plane, session, **world, context.scope());
        if (!tagged) return tagged;
        tagged->tags = changed(change, std::move(tagged->tags), sent);
        if (auto kept = keep(session, context, *tagged); !kept) return failure(std::move(kept));
        return tagged;
    };
    auto writing = plane.services.database.write(write);
    auto tagged = co_await std::move(writing);
    if (!tagged) co_return failure(std::move(tagged));
    co_return gateway::json_response(200, to_json(*tagged));
}

Task<Result<Response>> put(const Plane& plane, Context& context) {
    auto json = co_await context.json_body();
    if (!json) co_return failure(std::move(json));
    auto tags = parse_tags(*json);
    if (!tags) co_return failure(std::move(tags));
    co_return co_await write_tags(plane, context, Change::replace, std::move(*tags));
}

Task<Result<Response>> patch(const Plane& plane, Context& context) {
    auto json = co_await context.json_body();
    if (!json) co_return failure(std::move(json));
    auto tags = parse_tags(*json);
    if (!tags) co_return failure(std::move(tags));
    const auto operation = find_string(*json, "operation").value_or("");
    Change change = Change::replace;
    if (equals_ignoring_case(operation, "Merge")) {
        change = Change::merge;
    } else if (equals_ignoring_case(operation, "Delete")) {
        change = Change::remove;
    } else if (!equals_ignoring_case(operation, "Replace")) {
        co_return invalid("'operation' must be 'Merge', 'Replace' or 'Delete'.");
    }
    co_return co_await write_tags(plane, context, change, std::move(*tags));
}

Task<Result<Response>> get(const Plane& plane, Context& context) {
    const auto read = [&](Session& session) { return find_tagged(plane, session, context.world(), context.scope()); };
    auto reading = plane.services.database.read(storage::ReadKind::point, read);
    auto tagged = co_await std::move(reading);
    if (!tagged) co_return failure(std::move(tagged));
    co_return gateway::json_response(200, to_json(*tagged));
}

Task<Result<Response>> remove(const Plane& plane, Context& context) {
    object none;
    auto written = co_await write_tags(plane, context, Change::replace, std::move(none));
    if (!written) co_return failure(std::move(written));
    co_return gateway::empty_response(200);
}

// By name as first met, then value: how many resources bear it.
using TagCounts = std::map<std::string, std::map<std::string, std::int64_t>>;

Result<void> count_tags(Session& session, const Guid& subscription, std::optional<std::string_view> type,
                        const std::function<bool(const Resource&)>& may_see, TagCounts& out) {
    std::string after;
    while (true) {
        auto rows = tenant::list_resources(session, subscription, std::nullopt, type, after, rows_at_once);
        if (!rows) return failure(std::move(rows));
        for (const Resource& resource : *rows) {
            if (resource.tags.empty() || !may_see(resource)) continue;
            for (const auto& [name, value] : resource.tags) ++out[name][std::string(value.get_string())];
        }
        if (rows->size() < rows_at_once) return {};
        after = rows->back().scope.key();
    }
}

object count_json(std::int64_t count) { return {{"type", "Total"}, {"value", count}}; }

Task<Result<Response>> list_names(const Plane& plane, Context& context) {
    const auto* subscription = subscription_of(context.world(), context.scope());
    if (subscription == nullptr) {
        co_return failure(ErrorCode::subscription_not_found,
                          fmt::format("The subscription '{}' could not be found.", context.parameter("subscription")));
    }
    const auto may_see = [&](const Resource& resource) {
        const ResourceType* type = plane.find_type(resource.type);
        if (type == nullptr) return false;
        const std::string read = fmt::format("{}/read", type->operations);
        for (const gateway::Permission* permission : context.route().further) {
            if (permission->name == read) return context.may_at(*permission, resource.scope);
        }
        return false;
    };
    const auto count = [&](Session& session) -> Result<TagCounts> {
        TagCounts out;
        auto tags = tenant::subscription_tags(session, subscription->id);
        if (!tags) return failure(std::move(tags));
        for (const auto& [name, value] : *tags) ++out[name][std::string(value.get_string())];
        for (const std::optional<std::string_view> type :
             {std::optional<std::string_view>(), std::optional<std::string_view>("Microsoft.Resources/resourceGroups")}) {
            auto counted = count_tags(session, subscription->id, type, may_see, out);
            if (!counted) return failure(std::move(counted));
        }
        return out;
    };
    auto counting = plane.services.database.read(storage::ReadKind::scan, count);
    auto counts = co_await std::move(counting);
    if (!counts) co_return failure(std::move(counts));
    boost::json::array items;
    for (const auto& [name, by_value] : *counts) {
        const std::string id = fmt::format("{}/tagNames/{}", context.scope().value(), name);
        boost::json::array values;
        std::int64_t total = 0;
        for (const auto& [value, times] : by_value) {
            total += times;
            values.push_back(
                object{{"id", fmt::format("{}/tagValues/{}", id, value)}, {"tagValue", value}, {"count", count_json(times)}});
        }
        items.push_back(object{{"id", id}, {"tagName", name}, {"count", count_json(total)}, {"values", std::move(values)}});
    }
    co_return gateway::list_response(std::move(items));
}

} // namespace

std::vector<gateway::Route> resource_tag_routes(const std::shared_ptr<Plane>& plane) {
    constexpr std::string_view path = "providers/Microsoft.Resources/tags/default";
    auto out = scoped_routes(plane, {{.id = "tags.put",
                                      .method = http::Method::put,
                                      .path = path,
                                      .operation = "Microsoft.Resources/tags/write",
                                      .body_limit = largest_body,
                                      .handler = put,
                                      .summary = "Replaces the tags of a subscription, a resource group or a resource"},
                                     {.id = "tags.patch",
                                      .method = http::Method::patch,
                                      .path = path,
                                      .operation = "Microsoft.Resources/tags/write",
                                      .body_limit = largest_body,
                                      .handler = patch,
                                      .summary = "Merges, replaces or deletes some tags"},
                                     {.id = "tags.get",
                                      .path = path,
                                      .operation = "Microsoft.Resources/tags/read",
                                      .handler = get,
                                      .summary = "Reads the tags of a subscription, a resource group or a resource"},
                                     {.id = "tags.delete",
                                      .method = http::Method::delete_,
                                      .path = path,
                                      .operation = "Microsoft.Resources/tags/delete",
                                      .handler = remove,
                                      .summary = "Deletes all tags of a subscription, a resource group or a resource"}});
    gateway::Route names;
    names.id = "arm.tagName.list";
    names.method = http::Method::get;
    names.pattern = "/subscriptions/{subscription}/tagNames";
    names.protocol = gateway::Protocol::resource_manager;
    names.entry = {gateway::EntryKind::all, {&plane->permission("Microsoft.Resources/subscriptions/tagNames/read")}, {}};
    for (const ResourceType& type : plane->types()) {
        if (type.has_location) names.further.push_back(&plane->permission(fmt::format("{}/read", type.operations)));
    }
    names.scope = "/subscriptions/{subscription}";
    names.handler = [plane](Context& context) { return list_names(*plane, context); };
    names.summary = "Lists the tags in use in a subscription, of what the caller may read";
    out.push_back(std::move(names));
    return out;
}

} // namespace berth::control_plane
