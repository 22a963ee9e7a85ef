#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "directory/graph_routes.hpp"
#include "directory/graph_subject.hpp"
#include "directory/graph_type.hpp"
#include "gateway/response.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace berth::directory {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;
using gateway::Context;
using gateway::Permission;
using gateway::Services;
using http::Response;

constexpr std::size_t most_ids = 20; // Graph's limit of a check

/// Who is asked about.
struct Subject {
    std::string_view collection; ///< `users`, or `me`
    std::string_view name;       ///< in route ids
    const GraphType* type;       ///< none: any principal
    const Permission* permission;
};

constexpr std::string_view usage = "'groupIds' (or 'ids') must be an array of at most 20 object ids.";

// Users, groups and service principals are in the world; no row needs to be read.
Result<Guid> find(const Context& context, const Subject& subject) {
    if (subject.collection == "me") return signed_in_user(context);
    const std::string_view key = context.parameter("id");
    const auto id = Guid::parse(key);
    const bool by_name = !id && subject.type == &user_type;
    if (!id && !by_name) return object_id(context);
    const auto* principal = by_name ? context.world().find_user(key) : context.world().find_principal(*id);
    if (principal == nullptr || (subject.type != nullptr && principal->kind != *subject.type->kind)) {
        return no_such_resource(key);
    }
    return principal->id;
}

Response ids_response(const Context& context, array ids) {
    return gateway::json_response(
        200, object{{"@odata.context", fmt::format("{}/v1.0/$metadata#Collection(Edm.String)", context.base_address())},
                    {"value", std::move(ids)}});
}

// All groups, directly and through groups: all are security groups, so `securityEnabledOnly` changes nothing.
Task<Result<Response>> get_groups(const Services&, Context& context, const Subject& subject) {
    auto body = co_await context.json_body();
    if (!body) co_return failure(std::move(body));
    const value* only = find_member(*body, "securityEnabledOnly");
    if ((!body->is_object() && !body->is_null()) || (only != nullptr && !only->is_bool())) {
        co_return failure(ErrorCode::invalid_parameter, "'securityEnabledOnly' must be true or false.");
    }
    auto id = find(context, subject);
    if (!id) co_return failure(std::move(id));
    array out;
    for (const Guid& group : context.world().policy->groups_of(*id)) out.emplace_back(group.value());
    co_return ids_response(context, std::move(out));
}

// Of the groups that the body names, those that somebody is in.
Task<Result<Response>> check_groups(const Services&, Context& context, const Subject& subject) {
    auto body = co_await object_body(context);
    if (!body) co_return failure(std::move(body));
    const auto wanted =
        find_member(*body, "groupIds") != nullptr ? find_strings(*body, "groupIds") : find_strings(*body, "ids");
    if (!wanted || wanted->size() > most_ids ||
        !std::ranges::all_of(*wanted, [](const std::string& one) { return Guid::parse(one).has_value(); })) {
        co_return failure(ErrorCode::invalid_parameter, std::string(usage));
    }
    auto id = find(context, subject);
    if (!id) co_return failure(std::move(id));
    const auto groups = context.world().policy->groups_of(*id);
    array out;
    for (const std::string& one : *wanted) {
        const Guid group = *Guid::parse(one);
        if (std::ranges::find(groups, group) != groups.end()) out.emplace_back(group.value());
    }
    co_return ids_response(context, std::move(out));
}

using SubjectHandler = Task<Result<Response>> (*)(const Services&, Context&, const Subject&);

} // namespace

std::vector<gateway::Route> membership_routes(const Services& services) {
    static const Subject subjects[] = {
        {"users", "user", &user_type, &permissions::users_member_of_read},
        {"groups", "group", &group_type, &permissions::groups_member_of_read},
        {"servicePrincipals", "servicePrincipal", &service_principal_type, &permissions::service_principals_member_of_read},
        {"directoryObjects", "directoryObject", nullptr, &permissions::groups_member_of_read},
        {"me", "me", &user_type, &permissions::users_member_of_read}};
    struct Action {
        std::string_view name;
        SubjectHandler handler;
        std::string_view summary;
    };
    static constexpr Action actions[] = {{"getMemberGroups", get_groups, "Lists the ids of all groups that somebody is in"},
                                         {"getMemberObjects", get_groups, "Lists the ids of all groups that somebody is in"},
                                         {"checkMemberGroups", check_groups, "Tells which of some groups somebody is in"},
                                         {"checkMemberObjects", check_groups, "Tells which of some groups somebody is in"}};
    std::vector<GraphRoute> rows;
    for (const Subject& subject : subjects) {
        for (const Action& action : actions) {
            const std::string_view id = subject.collection == "me" ? "" : "/{id}";
            rows.push_back({.id = fmt::format("{}.{}", subject.name, action.name),
                            .method = http::Method::post,
                            .pattern = fmt::format("/{}{}/{}", subject.collection, id, action.name),
                            .permissions = {subject.permission},
                            .has_body = true,
                            .handler = [handler = action.handler, of = &subject](
                                           const Services& in, Context& context) { return handler(in, context, *of); },
                            .summary = std::string(action.summary)});
        }
    }
    return graph_routes(services, std::move(rows));
}

} // namespace berth::directory
