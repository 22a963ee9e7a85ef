#include "app/client/command_list.hpp"
#include "app/client/names.hpp"
#include "app/client/resource_kind.hpp"
#include "base/strict_json.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace berth::app {
namespace {

using boost::json::object;

Result<std::string> collection(Session&, const Values&) { return std::string("/groups"); }

Result<std::string> item(Session& session, const Values& values) {
    auto group = resolve_name(session, values.text("name"), Wanted::group);
    if (!group) return failure(std::move(group));
    return "/groups/" + group->id;
}

ResourceKind kind() {
    return {.command = "group",
            .noun = "group",
            .plural = "groups",
            .plane = ResourceKind::Plane::graph,
            .collection = collection,
            .item = item,
            .name_says = "Display name or object id",
            .loss = "What its members held through it ends at once.",
            .columns = {{"name", "displayName"}, {"object id", "id"}},
            .example_name = "developers"};
}

Result<Answer> create(Session& session, const Values& values) {
    auto made = session.graph("POST", "/groups",
                              object{{"displayName", values.text("name")},
                                     {"mailEnabled", false},
                                     {"mailNickname", "group"},
                                     {"securityEnabled", true}});
    if (!made) return failure(std::move(made));
    return Answer{.document = std::move(*made)};
}

Result<Answer> list_members(Session& session, const Values& values) {
    auto group = item(session, values);
    if (!group) return failure(std::move(group));
    auto members = session.list_graph(*group + "/members");
    if (!members) return failure(std::move(members));
    for (auto& member : *members) {
        if (!member.is_object()) continue;
        const std::string type(find_string(member, "@odata.type").value_or(""));
        member.get_object()["type"] = type.substr(type.rfind('.') + 1);
    }
    return Answer{.document = std::move(*members)};
}

Result<Answer> add_member(Session& session, const Values& values) {
    auto group = item(session, values);
    if (!group) return failure(std::move(group));
    auto member = resolve_name(session, values.text("member"));
    if (!member) return failure(std::move(member));
    auto added = session.graph("POST", *group + "/members/$ref",
                               object{{"@odata.id", "https://graph.microsoft.com/v1.0/directoryObjects/" + member->id}});
    if (!added) return failure(std::move(added));
    return Answer{.note = fmt::format("'{}' is in '{}' now; it counts from the next request.", values.text("member"),
                                      values.text("name"))};
}

Result<Answer> remove_member(Session& session, const Values& values) {
    auto group = item(session, values);
    if (!group) return failure(std::move(group));
    auto member = resolve_name(session, values.text("member"));
    if (!member) return failure(std::move(member));
    auto removed = session.graph("DELETE", fmt::format("{}/members/{}/$ref", *group, member->id));
    if (!removed) return failure(std::move(removed));
    return Answer{.note = fmt::format("'{}' is no longer in '{}'; it counts from the next request.", values.text("member"),
                                      values.text("name"))};
}

} // namespace

std::vector<Command> group_commands() {
    const ResourceKind groups = kind();
    const auto name = name_argument("Display name or object id of the group");
    const Argument member = {.name = "member", .what = "Name, client id or object id of the member", .required = true};
    std::vector<Command> out = {{.path = "group create",
                                 .summary = "Make a group",
                                 .arguments = {name_argument("Display name")},
                                 .examples = {"berth group create developers"},
                                 .columns = groups.columns,
                                 .run = create}};
    for (Command& command : standard_commands(groups)) out.push_back(std::move(command));
    out.push_back({.path = "group member add",
                   .summary = "Put somebody into a group",
                   .arguments = {name, member},
                   .examples = {"berth group member add developers ci-pusher"},
                   .run = add_member});
    out.push_back({.path = "group member list",
                   .summary = "List who is directly in a group",
                   .arguments = {name},
                   .examples = {"berth group member list developers"},
                   .columns = {{"name", "displayName"}, {"type", "type"}, {"object id", "id"}},
                   .run = list_members});
    out.push_back({.path = "group member remove",
                   .summary = "Take somebody out of a group",
                   .arguments = {name, member},
                   .examples = {"berth group member remove developers ci-pusher"},
                   .run = remove_member});
    return out;
}

} // namespace berth::app
