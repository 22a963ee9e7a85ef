#include "control_plane/activity_log.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "control_plane/authorization_ids.hpp"
#include "control_plane/paging.hpp"
#include "gateway/context.hpp"
#include "gateway/response.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace berth::control_plane {
namespace {

using boost::json::object;
using gateway::Context;
using http::Response;
using storage::Rows;
using storage::Session;

constexpr std::size_t longest_filter = 2048;
constexpr std::size_t rows_at_once = 500;

std::unexpected<Error> invalid(std::string_view condition) {
    return failure(ErrorCode::invalid_parameter,
                   fmt::format("The $filter condition '{}' is not supported here: use eventTimestamp ge and le, and "
                               "resourceProvider, resourceGroupName, resourceUri or caller with eq, joined by and.",
                               condition));
}

// One thing that was done.
struct Activity {
    std::int64_t sequence = 0;
    Timestamp at{};
    std::string actor;
    std::string kind;
    object detail;
};

std::string_view text_of(const object& detail, std::string_view name) {
    const auto* value = detail.if_contains(name);
    return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

// What events of a kind are to Azure. Events of content are not in its activity log.
struct Kind {
    std::string_view event; // what stands before `.write` and `.delete`
    std::string_view type;
    bool is_extension; // its id is a GUID or a name at `detail.scope`
};
constexpr std::array kinds{
    Kind{"roleAssignment", "Microsoft.Authorization/roleAssignments", true},
    Kind{"denyAssignment", "Microsoft.Authorization/denyAssignments", true},
    Kind{"lock", "Microsoft.Authorization/locks", true},
    Kind{"resourceGroup", "Microsoft.Resources/subscriptions/resourceGroups", false},
    Kind{"registry", "Microsoft.ContainerRegistry/registries", false},
};

struct Described {
    const Kind* kind;
    std::string_view verb; // `write` or `delete`
    std::string scope;     // that the right was needed at
    std::string id;
};

std::optional<Described> describe(const Activity& activity) {
    const std::string_view name = activity.kind;
    const std::size_t dot = name.rfind('.');
    const std::string_view verb = name.substr(std::min(dot + 1, name.size()));
    if (verb != "write" && verb != "delete") return std::nullopt;
    for (const Kind& kind : kinds) {
        if (kind.event != name.substr(0, dot)) continue;
        const std::string_view id = text_of(activity.detail, "id");
        if (!kind.is_extension) return Described{&kind, verb, std::string(id), std::string(id)};
        const std::string scope(text_of(activity.detail, "scope"));
        const std::string_view last = kind.event == "lock" ? text_of(activity.detail, "name") : id;
        return Described{&kind, verb, scope, fmt::format("{}/providers/{}/{}", scope == "/" ? "" : scope, kind.type, last)};
    }
    return std::nullopt;
}

// As az reads it back: the body that was sent to make an assignment, or came back from deleting it.
object properties_of(const Activity& activity, const Described& described) {
    object out{{"statusCode", described.verb == "write" ? "Created" : "OK"}, {"entity", described.id}};
    if (described.kind->event != "roleAssignment") return out;
    const object assignment{
        {"properties", object{{"principalId", text_of(activity.detail, "principal")},
                              {"roleDefinitionId", fmt::format("/providers/Microsoft.Authorization/roleDefinitions/{}",
                                                               text_of(activity.detail, "roleDefinition"))},
                              {"scope", described.scope}}}};
    const std::string text = boost::json::serialize(assignment);
    out["requestbody"] = text;
    out["responseBody"] = text;
    return out;
}

std::string name_of(const tenant::World& world, const std::string& actor) {
    const auto id = Guid::parse(actor);
    const auto* principal = id ? world.find_principal(*id) : nullptr;
    if (principal == nullptr) return actor;
    if (principal->user_principal_name) return *principal->user_principal_name;
    return principal->id.value();
}

object to_json(const Context& context, const Activity& activity, const Described& described, bool ended) {
    const std::string operation = fmt::format("{}/{}", described.kind->type, described.verb);
    const std::string when = to_rfc3339(activity.at);
    const std::string_view provider = described.kind->type.substr(0, described.kind->type.find('/'));
    const std::string run = fmt::format("berth-event-{}", activity.sequence);
    const std::string caller = name_of(context.world(), activity.actor);
    const auto named = [](std::string_view text) { return object{{"value", text}, {"localizedValue", text}}; };
    const std::string status = ended ? "Succeeded" : "Started";
    return {{"authorization", object{{"action", operation}, {"scope", described.id}}},
            {"caller", caller},
            {"channels", "Operation"},
            {"correlationId", run},
            {"eventDataId", fmt::format("{}-{}", run, ended ? "end" : "begin")},
            {"eventName", named(ended ? "EndRequest" : "BeginRequest")},
            {"eventTimestamp", when},
            {"category", named("Administrative")},
            {"httpRequest", object{{"clientRequestId", run}, {"method", described.verb == "write" ? "PUT" : "DELETE"}}},
            {"id", fmt::format("{}/events/{}/ticks/{}", described.id, run, to_microseconds(activity.at))},
            {"level", "Informational"},
            {"operationId", run},
            {"operationName", named(operation)},
            {"properties", properties_of(activity, described)},
            {"resourceId", described.id},
            {"resourceProviderName", named(provider)},
            {"resourceType", named(described.kind->type)},
            {"status", named(status)},
            {"subStatus", named("")},
            {"submissionTimestamp", when},
            {"subscriptionId", context.parameter("subscription")},
            {"tenantId", context.world().tenant_id.value()}};
}

Result<std::vector<Activity>> read_before(Session& session, std::int64_t before, Timestamp from, Timestamp to) {
    std::vector<Activity> out;
    auto rows = session.query("select sequence, at, actor, kind, detail from events where sequence < ?1 and at >= ?2 and "
                              "at <= ?3 and (kind like '%.write' or kind like '%.delete') order by sequence desc limit ?4",
                              before, from, to, rows_at_once);
    if (!rows) return failure(std::move(rows));
    while (true) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return out;
        auto detail = parse_json(rows->text(4));
        if (!detail || !detail->is_object()) continue; // of another version: not ours to show
        out.push_back({rows->integer(0), rows->time(1), std::string(rows->text(2)), std::string(rows->text(3)),
                       std::move(detail->get_object())});
    }
}

bool is_wanted(const ActivityFilter& filter, const Context& context, const Activity& activity, const Described& described) {
    const std::string_view provider = described.kind->type.substr(0, described.kind->type.find('/'));
    if (filter.provider && !equals_ignoring_case(*filter.provider, provider)) return false;
    if (filter.resource && !equals_ignoring_case(*filter.resource, described.id)) return false;
    if (filter.caller && !equals_ignoring_case(*filter.caller, name_of(context.world(), activity.actor)) &&
        !equals_ignoring_case(*filter.caller, activity.actor)) {
        return false;
    }
    auto scope = rbac::Scope::parse(described.scope);
    if (!scope || !context.scope().covers(*scope)) return false;
    if (!filter.group) return true;
    auto group = rbac::Scope::parse(fmt::format("{}/resourceGroups/{}", context.scope().value(), *filter.group));
    return group && group->covers(*scope);
}

// Where the page before ended: the event's number, and whether its beginning is still to be shown.
Result<std::int64_t> parse_after(const std::string& after) {
    if (after.empty()) return std::numeric_limits<std::int64_t>::max();
    std::int64_t out = 0;
    const auto [end, error] = std::from_chars(after.data(), after.data() + after.size(), out);
    if (error == std::errc() && end == after.data() + after.size()) return out;
    return failure(ErrorCode::invalid_parameter, "'$skiptoken' is not one of ours: follow 'nextLink' as it was given.");
}

Task<Result<Response>> list(const Plane& plane, Context& context) {
    if (context.world().find_subscription(context.parameter("subscription")) == nullptr) {
        co_return failure(ErrorCode::subscription_not_found,
                          fmt::format("The subscription '{}' could not be found.", context.parameter("subscription")));
    }
    auto filter = parse_activity_filter(context.query().find("$filter").value_or(""));
    if (!filter) co_return failure(std::move(filter));
    auto page = parse_list_page(context.query());
    if (!page) co_return failure(std::move(page));
    auto before = parse_after(page->after);
    if (!before) co_return failure(std::move(before));
    boost::json::array items;
    while (true) {
        const std::int64_t at = *before;
        const auto read = [&](Session& session) {
            return read_before(session, at, filter->from.value_or(Timestamp{}), filter->to.value_or(context.now()));
        };
        auto reading = plane.services.database.read(storage::ReadKind::scan, read);
        auto activities = co_await std::move(reading);
        if (!activities) co_return failure(std::move(activities));
        for (const Activity& activity : *activities) {
            const auto described = describe(activity);
            if (!described || !is_wanted(*filter, context, activity, *described)) continue;
            if (items.size() + 2 > std::max<std::size_t>(page->limit, 2)) {
                co_return gateway::list_response(std::move(items), next_page(context, std::to_string(*before)));
            }
            items.push_back(to_json(context, activity, *described, true));
            items.push_back(to_json(context, activity, *described, false));
            *before = activity.sequence;
        }
        if (activities->size() < rows_at_once) co_return gateway::list_response(std::move(items));
        *before = activities->back().sequence;
    }
}

Result<void> take_condition(std::string_view condition, ActivityFilter& out) {
    const std::size_t first = condition.find(' ');
    const std::size_t second = condition.find(' ', std::min(first + 1, condition.size()));
    if (first == std::string_view::npos || second == std::string_view::npos) return invalid(condition);
    const std::string_view name = condition.substr(0, first);
    const std::string_view operation = condition.substr(first + 1, second - first - 1);
    std::string_view value = condition.substr(second + 1);
    if (value.size() >= 2 && value.front() == '\'' && value.back() == '\'') value = value.substr(1, value.size() - 2);
    if (value.empty() || value.contains('\'')) return invalid(condition);
    if (equals_ignoring_case(name, "eventTimestamp")) {
        const auto when = parse_rfc3339(value);
        if (!when) return invalid(condition);
        if (equals_ignoring_case(operation, "ge")) {
            out.from = *when;
        } else if (equals_ignoring_case(operation, "le")) {
            out.to = *when;
        } else {
            return invalid(condition);
        }
        return {};
    }
    if (!equals_ignoring_case(operation, "eq")) return invalid(condition);
    if (equals_ignoring_case(name, "resourceProvider")) {
        out.provider = value;
    } else if (equals_ignoring_case(name, "resourceGroupName")) {
        out.group = value;
    } else if (equals_ignoring_case(name, "resourceUri") || equals_ignoring_case(name, "resourceId")) {
        out.resource = value;
    } else if (equals_ignoring_case(name, "caller")) {
        out.caller = value;
    } else {
        return invalid(condition);
    }
    return {};
}

} // namespace

Result<ActivityFilter> parse_activity_filter(std::string_view text) {
    if (text.size() > longest_filter) {
        return failure(ErrorCode::invalid_parameter, fmt::format("'$filter' has at most {} bytes.", longest_filter));
    }
    ActivityFilter out;
    constexpr std::string_view joint = " and ";
    while (!text.empty()) {
        const std::size_t end = std::min(to_lower(text).find(joint), text.size());
        if (auto taken = take_condition(text.substr(0, end), out); !taken) return failure(std::move(taken));
        text.remove_prefix(std::min(end + joint.size(), text.size()));
    }
    return out;
}

std::vector<gateway::Route> activity_log_routes(const std::shared_ptr<Plane>& plane) {
    gateway::Route route;
    route.id = "arm.activity.list";
    route.method = http::Method::get;
    route.pattern = "/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values";
    route.protocol = gateway::Protocol::resource_manager;
    route.entry = {gateway::EntryKind::all, {&plane->permission("Microsoft.Insights/eventtypes/values/read")}, {}};
    route.scope = "/subscriptions/{subscription}";
    route.handler = [plane](Context& context) { return list(*plane, context); };
    route.summary = "Lists what was changed in a subscription, and by whom";
    std::vector<gateway::Route> out;
    out.push_back(std::move(route));
    return out;
}

} // namespace berth::control_plane
