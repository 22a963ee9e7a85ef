#include "control_plane/tag_names.hpp"

#include "base/encoding.hpp"
#include "base/white_space.hpp"
#include "control_plane/authorization_ids.hpp"
#include "control_plane/errors.hpp"
#include "gateway/context.hpp"
#include "gateway/response.hpp"
#include "storage/events.hpp"
#include "tenant/predefined_tag_store.hpp"
#include "tenant/subscription_store.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

namespace berth::control_plane {
namespace {

using boost::json::object;
using gateway::Context;
using http::Response;
using storage::Session;
using tenant::Resource;

constexpr std::size_t rows_at_once = 200;
constexpr std::size_t longest_tag_name = 512; // as of tags themselves
constexpr std::size_t longest_tag_value = 256;
constexpr std::string_view resource_groups = "Microsoft.Resources/resourceGroups";

// How many bear it, by value.
struct TagCount {
    std::string name; // as first met
    std::map<std::string, std::int64_t> by_value{};
};
using TagCounts = std::map<std::string, TagCount>; // by name in lower case

TagCount& count_of(TagCounts& counts, std::string_view name) {
    TagCount& out = counts[to_lower(name)];
    if (out.name.empty()) out.name = name;
    return out;
}

Result<void> count_tags(Session& session, const Guid& subscription, std::optional<std::string_view> type,
                        const std::function<bool(const Resource&)>& may_see, TagCounts& out) {
    std::string after;
    while (true) {
        auto rows = tenant::list_resources(session, subscription, std::nullopt, type, after, rows_at_once);
        if (!rows) return failure(std::move(rows));
        for (const Resource& resource : *rows) {
            if (resource.tags.empty() || !may_see(resource)) continue;
            for (const auto& [name, value] : resource.tags) {
                ++count_of(out, name).by_value[std::string(value.get_string())];
            }
        }
        if (rows->size() < rows_at_once) return {};
        after = rows->back().scope.key();
    }
}

Result<TagCounts> predefined_tags(Session& session, const Guid& subscription) {
    auto predefined = tenant::list_predefined_tags(session, subscription);
    if (!predefined) return failure(std::move(predefined));
    TagCounts out;
    for (const tenant::PredefinedTag& tag : *predefined) {
        TagCount& count = count_of(out, tag.name);
        for (const std::string& value : tag.values) count.by_value[value] += 0;
    }
    return out;
}

// What is predefined, and what is in use where `may_see` says so.
Result<TagCounts> all_tags(Session& session, const Guid& subscription, const std::function<bool(const Resource&)>& may_see) {
    auto known = predefined_tags(session, subscription);
    if (!known) return known;
    TagCounts& out = *known;
    auto tags = tenant::subscription_tags(session, subscription);
    if (!tags) return failure(std::move(tags));
    for (const auto& [name, value] : *tags) ++count_of(out, name).by_value[std::string(value.get_string())];
    for (const auto type : {std::optional<std::string_view>(), std::optional(resource_groups)}) {
        if (auto counted = count_tags(session, subscription, type, may_see, out); !counted) return failure(std::move(counted));
    }
    return known;
}

bool sees_all(const Resource&) { return true; }

object count_json(std::int64_t count) { return {{"type", "Total"}, {"value", count}}; }

object value_json(const std::string& tag_id, std::string_view value, std::int64_t count) {
    return {{"id", fmt::format("{}/tagValues/{}", tag_id, value)}, {"tagValue", value}, {"count", count_json(count)}};
}

object tag_json(const Context& context, const TagCount& tag) {
    const std::string id = fmt::format("{}/tagNames/{}", context.scope().value(), tag.name);
    boost::json::array values;
    std::int64_t total = 0;
    for (const auto& [value, count] : tag.by_value) {
        total += count;
        values.push_back(value_json(id, value, count));
    }
    return {{"id", id}, {"tagName", tag.name}, {"count", count_json(total)}, {"values", std::move(values)}};
}

Result<Guid> subscription_id(const Context& context) {
    if (const auto* subscription = subscription_of(context.world(), context.scope())) return subscription->id;
    return failure(ErrorCode::subscription_not_found,
                   fmt::format("The subscription '{}' could not be found.", context.parameter("subscription")));
}

Task<Result<Response>> list(const Plane& plane, Context& context) {
    auto subscription = subscription_id(context);
    if (!subscription) co_return failure(std::move(subscription));
    const auto may_see = [&](const Resource& resource) {
        const ResourceType* type = plane.find_type(resource.type);
        if (type == nullptr) return false;
        const std::string read = fmt::format("{}/read", type->operations);
        for (const gateway::Permission* permission : context.route().further) {
            if (permission->name == read) return context.may_at(*permission, resource.scope);
        }
        return false;
    };
    const auto count = [&](Session& session) { return all_tags(session, *subscription, may_see); };
    auto counting = plane.services.database.read(storage::ReadKind::scan, count);
    auto counts = co_await std::move(counting);
    if (!counts) co_return failure(std::move(counts));
    boost::json::array items;
    for (const auto& [key, tag] : *counts) items.push_back(tag_json(context, tag));
    co_return gateway::list_response(std::move(items));
}

// The name and, where the path has one, the value. Azure's rule for both, and for what they may not begin with.
struct Named {
    Guid subscription;
    std::string name;
    std::optional<std::string> value;
};

Result<Named> parse_named(const Context& context) {
    auto subscription = subscription_id(context);
    if (!subscription) return failure(std::move(subscription));
    Named out{std::move(*subscription), std::string(context.parameter("tagName")), std::nullopt};
    const bool is_sound_name = !out.name.empty() && out.name.size() <= longest_tag_name && !has_outer_white_space(out.name) &&
                               out.name.find_first_of("<>%&\\?/") == std::string::npos;
    if (!is_sound_name) {
        return arm_failure(ErrorCode::invalid_parameter, "InvalidTagName",
                           fmt::format("'{}' is no name of a tag: it has from 1 to {} characters without <, >, %, &, \\, ? and "
                                       "/, and begins and ends with no white space.",
                                       out.name, longest_tag_name));
    }
    for (const std::string_view reserved : {"microsoft", "azure", "windows"}) {
        if (!starts_with_ignoring_case(out.name, reserved)) continue;
        return arm_failure(ErrorCode::invalid_parameter, "ReservedTagName",
                           fmt::format("'{}' is no name of a tag: names that begin with 'microsoft', 'azure' or 'windows' are "
                                       "reserved.",
                                       out.name));
    }
    if (!context.route().pattern.ends_with("{tagValue}")) return out;
    out.value = context.parameter("tagValue");
    if (out.value->empty() || out.value->size() > longest_tag_value) {
        return arm_failure(ErrorCode::invalid_parameter, "InvalidTagValueLength",
                           fmt::format("The value of a tag has from 1 to {} characters.", longest_tag_value));
    }
    return out;
}

object detail_of(const Named& named, const Context& context) {
    object out{{"id", context.scope().value()}, {"name", named.name}};
    if (named.value) out["value"] = *named.value;
    return out;
}

Task<Result<Response>> put(const Plane& plane, Context& context) {
    auto body = co_await context.body(); // clients send none, or nothing of use
    if (!body) co_return failure(std::move(body));
    auto named = parse_named(context);
    if (!named) co_return failure(std::move(named));
    struct Written {
        object json;
        bool created;
    };
    const auto write = [&](Session& session) -> Result<Written> {
        auto still = context.decide_in(session);
        if (!still) return failure(std::move(still));
        auto put_it = named->value ? tenant::put_predefined_tag_value(session, named->subscription, named->name, *named->value)
                                   : tenant::put_predefined_tag(session, named->subscription, named->name);
        if (!put_it) return failure(std::move(put_it));
        if (*put_it) {
            auto left =
                storage::append_event(session, context.now(), context.event("tagName.write", detail_of(*named, context)));
            if (!left) return failure(std::move(left));
        }
        // Not what is in use: the right to predefine a name is none to read resources.
        auto counts = predefined_tags(session, named->subscription);
        if (!counts) return failure(std::move(counts));
        const TagCount& tag = count_of(*counts, named->name);
        if (!named->value) return Written{tag_json(context, tag), *put_it};
        return Written{value_json(fmt::format("{}/tagNames/{}", context.scope().value(), tag.name), *named->value,
                                  tag.by_value.at(*named->value)),
                       *put_it};
    };
    auto writing = plane.services.database.write(write);
    auto written = co_await std::move(writing);
    if (!written) co_return failure(std::move(written));
    co_return gateway::json_response(written->created ? 201 : 200, written->json);
}

// What bears it keeps it: a name in use stays, as Azure has it.
Result<void> check_unused(Session& session, const Named& named) {
    auto counts = all_tags(session, named.subscription, sees_all);
    if (!counts) return failure(std::move(counts));
    std::int64_t users = 0;
    for (const auto& [value, count] : count_of(*counts, named.name).by_value) {
        if (!named.value || value == *named.value) users += count;
    }
    if (users == 0) return {};
    return arm_failure(ErrorCode::in_use, named.value ? "TagValueInUse" : "TagNameInUse",
                       fmt::format("The tag '{}'{} is in use by {} of the subscription's resources. Take it from them first.",
                                   named.name, named.value ? fmt::format(" with the value '{}'", *named.value) : "", users));
}

Task<Result<Response>> remove(const Plane& plane, Context& context) {
    auto named = parse_named(context);
    if (!named) co_return failure(std::move(named));
    const auto write = [&](Session& session) -> Result<bool> {
        auto still = context.decide_in(session);
        if (!still) return failure(std::move(still));
        if (auto unused = check_unused(session, *named); !unused) return failure(std::move(unused));
        auto removed = named->value
                           ? tenant::delete_predefined_tag_value(session, named->subscription, named->name, *named->value)
                           : tenant::delete_predefined_tag(session, named->subscription, named->name);
        if (!removed || !*removed) return removed;
        auto left = storage::append_event(session, context.now(), context.event("tagName.delete", detail_of(*named, context)));
        if (!left) return failure(std::move(left));
        return true;
    };
    auto writing = plane.services.database.write(write);
    auto removed = co_await std::move(writing);
    if (!removed) co_return failure(std::move(removed));
    co_return gateway::empty_response(*removed ? 200 : 204);
}

} // namespace

std::vector<gateway::Route> tag_name_routes(const std::shared_ptr<Plane>& plane) {
    std::vector<gateway::Route> out;
    constexpr std::string_view above = "/subscriptions/{subscription}";
    const auto add = [&](std::string_view id, http::Method method, std::string_view below, std::string_view operation,
                         Task<Result<Response>> (*handler)(const Plane&, Context&), std::string_view summary) {
        gateway::Route route;
        route.id = id;
        route.method = method;
        route.pattern = plane->keep(fmt::format("{}/{}", above, below));
        route.protocol = gateway::Protocol::resource_manager;
        route.entry = {
            gateway::EntryKind::all, {&plane->permission(fmt::format("Microsoft.Resources/subscriptions/{}", operation))}, {}};
        route.scope = above;
        route.body_limit = method == http::Method::put ? std::uint64_t{64} << 10 : 0;
        route.handler = [plane, handler](Context& context) { return handler(*plane, context); };
        route.summary = summary;
        out.push_back(std::move(route));
    };
    add("arm.tagName.list", http::Method::get, "tagNames", "tagNames/read", list,
        "Lists the tags in use in a subscription, of what the caller may read, and those that are predefined");
    for (const ResourceType& type : plane->types()) {
        if (type.has_location) out.back().further.push_back(&plane->permission(fmt::format("{}/read", type.operations)));
    }
    constexpr std::string_view value = "tagNames/{tagName}/tagValues/{tagValue}";
    add("arm.tagName.put", http::Method::put, "tagNames/{tagName}", "tagNames/write", put, "Predefines the name of a tag");
    add("arm.tagName.delete", http::Method::delete_, "tagNames/{tagName}", "tagNames/delete", remove,
        "Deletes the predefined name of a tag");
    add("arm.tagValue.put", http::Method::put, value, "tagNames/tagValues/write", put, "Predefines a value of a tag");
    add("arm.tagValue.delete", http::Method::delete_, value, "tagNames/tagValues/delete", remove,
        "Deletes a predefined value of a tag");
    return out;
}

} // namespace berth::control_plane
