#include "app/client/command_list.hpp"
#include "app/client/resource_kind.hpp"
#include "app/client/scopes.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace berth::app {
namespace {

using boost::json::object;

const std::string groups_at = "/providers/Microsoft.Management/managementGroups";

Result<std::string> collection(Session&, const Values&) { return groups_at; }

ResourceKind kind() {
    return {.command = "management-group",
            .noun = "management group",
            .plural = "management groups",
            .collection = collection,
            .name_says = "Its name (not what it is called for people) or ARM id",
            .loss = "It has to be empty: subscriptions and groups below it are moved first.",
            .columns = {{"name", "name"},
                        {"display name", "properties.displayName"},
                        {"parent", "properties.details.parent.name"},
                        {"id", "id"}},
            .example_name = "sites"};
}

Result<Answer> create(Session& session, const Values& values) {
    auto path = locate(kind(), session, values);
    if (!path) return failure(std::move(path));
    if (session.arm("GET", *path)) {
        return failure(ErrorCode::conflict, fmt::format("There is a management group '{}' already.", values.text("name")));
    }
    object properties{{"displayName", values.given("display-name") ? values.text("display-name") : values.text("name")}};
    if (values.given("parent")) {
        properties["details"] = object{{"parent", object{{"id", groups_at + '/' + values.text("parent")}}}};
    }
    auto made = session.arm_to_its_end("PUT", *path, object{{"properties", std::move(properties)}}, true,
                                       [](const boost::json::value&) {});
    if (!made) return failure(std::move(made));
    auto found = session.arm("GET", *path);
    if (!found) return failure(std::move(found));
    return Answer{.document = std::move(*found)};
}

Result<Answer> elevate(Session& session, const Values&) {
    auto done = session.arm("POST", "/providers/Microsoft.Authorization/elevateAccess");
    if (!done) return failure(std::move(done));
    return Answer{
        .note = "You are User Access Administrator of everything, from the next request on: give the role that is needed, "
                "say Owner at a management group, then take this one away with 'berth role assignment delete --scope / "
                "--role \"User Access Administrator\" --assignee YOU'."};
}

Result<Answer> change_member(Session& session, const Values& values, std::string_view method, std::string_view done) {
    auto group = locate(kind(), session, values);
    if (!group) return failure(std::move(group));
    Values named;
    named.set("subscription", {{values.text("member")}});
    auto subscription = subscription_scope(session, named);
    if (!subscription) return failure(std::move(subscription));
    auto changed = session.arm(method, *group + *subscription);
    if (!changed) return failure(std::move(changed));
    return Answer{.note = fmt::format("The subscription '{}' {}; roles count accordingly from the next request.",
                                      values.text("member"), done)};
}

} // namespace

std::vector<Command> management_group_commands() {
    const ResourceKind groups = kind();
    const Argument member = {.name = "member", .what = "Name or id of the subscription", .required = true};
    std::vector<Command> out;
    out.push_back({.path = "management-group create",
                   .summary = "Make a management group: roles at it hold in all subscriptions below it",
                   .arguments = {name_argument("Up to 90 letters, digits, '-', '_', '.', '(' or ')'"),
                                 {.name = "--display-name", .what = "What it is called for people; its name when left out"},
                                 {.name = "--parent",
                                  .what = "Name of the management group that it lies in; the root when left out",
                                  .placeholder = "NAME"}},
                   .examples = {"berth management-group create sites --display-name 'All sites'",
                                "berth management-group create north --parent sites"},
                   .columns = groups.columns,
                   .run = create});
    for (Command& command : standard_commands(groups)) out.push_back(std::move(command));
    out.push_back({.path = "management-group elevate",
                   .summary = "Become User Access Administrator at the root; for Global Administrators",
                   .examples = {"berth management-group elevate"},
                   .run = elevate});
    out.push_back({.path = "management-group subscription add",
                   .summary = "Move a subscription into a management group",
                   .arguments = {name_argument("Name of the management group"), member},
                   .examples = {"berth management-group subscription add sites team1"},
                   .run = [](Session& session, const Values& values) {
                       return change_member(session, values, "PUT", fmt::format("lies in '{}' now", values.text("name")));
                   }});
    out.push_back({.path = "management-group subscription remove",
                   .summary = "Move a subscription back to the root",
                   .arguments = {name_argument("Name of the management group"), member},
                   .examples = {"berth management-group subscription remove sites team1"},
                   .run = [](Session& session, const Values& values) {
                       return change_member(session, values, "DELETE", "lies at the root again");
                   }});
    return out;
}

} // namespace berth::app
