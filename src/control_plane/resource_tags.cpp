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

namespace berth::control_plane {
namespace {

using boost::json::object;
using gateway::Context;
using http::Response;
using storage::Session;
using tenant::Resource;

constexpr std::uint64_t largest_body = std::uint64_t{64} << 10;

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

} // namespace

std::vector<gateway::Route> resource_tag_routes(const std::shared_ptr<Plane>& plane) {
    constexpr std::string_view path = "providers/Microsoft.Resources/tags/default";
    return scoped_routes(plane, {{.id = "tags.put",
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
}

} // namespace berth::control_plane
