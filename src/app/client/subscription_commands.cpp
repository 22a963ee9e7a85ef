#include "app/client/command_list.hpp"
#include "app/client/resource_kind.hpp"
#include "base/encoding.hpp"
#include "base/guid.hpp"
#include "base/strict_json.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace berth::app {
namespace {

using boost::json::object;
using boost::json::value;

const std::string aliases = "/providers/Microsoft.Subscription/aliases/";

std::vector<Column> columns() {
    return {{"name", "displayName"}, {"id", "subscriptionId"}, {"state", "state"}, {"tenant", "tenantId"}};
}

// The one of that id or name. `conflict` for a name that several bear.
Result<value> find_subscription(Session& session, const std::string& name) {
    auto all = session.list_arm("/subscriptions");
    if (!all) return failure(std::move(all));
    std::vector<const value*> found;
    for (const auto& one : *all) {
        if (equals_ignoring_case(find_string(one, "subscriptionId").value_or(""), name)) return one;
        if (equals_ignoring_case(find_string(one, "displayName").value_or(""), name)) found.push_back(&one);
    }
    if (found.size() == 1) return *found.front();
    if (found.empty()) {
        return failure(ErrorCode::not_found, fmt::format("There is no subscription '{}' that you may see.", name));
    }
    std::string message = fmt::format("'{}' is the name of {} subscriptions. Say which by its id:", name, found.size());
    for (const auto* one : found) message += fmt::format("\n  {}", find_string(*one, "subscriptionId").value_or(""));
    return failure(ErrorCode::conflict, std::move(message));
}

Result<std::string> scope_of(Session& session, const Values& values) {
    auto found = find_subscription(session, values.text("name"));
    if (!found) return failure(std::move(found));
    return "/subscriptions/" + std::string(find_string(*found, "subscriptionId").value_or(""));
}

Result<Answer> list(Session& session, const Values&) {
    auto all = session.list_arm("/subscriptions");
    if (!all) return failure(std::move(all));
    return Answer{.document = std::move(*all)};
}

Result<Answer> show(Session& session, const Values& values) {
    auto found = find_subscription(session, values.text("name"));
    if (!found) return failure(std::move(found));
    return Answer{.document = std::move(*found)};
}

Result<Answer> create(Session& session, const Values& values) {
    const std::string name = values.text("name");
    const auto existing = find_subscription(session, name);
    if (existing || existing.error().code == ErrorCode::conflict) {
        return failure(ErrorCode::conflict, fmt::format("There is a subscription '{}' already.", name));
    }
    if (existing.error().code != ErrorCode::not_found) return std::unexpected(existing.error());
    object properties{{"displayName", name}, {"workload", "Production"}};
    if (values.given("management-group")) {
        properties["additionalProperties"] = object{
            {"managementGroupId", "/providers/Microsoft.Management/managementGroups/" + values.text("management-group")}};
    }
    const std::string alias = values.given("alias") ? values.text("alias") : Guid::random().value();
    auto segment = encode_segment(alias);
    if (!segment) return failure(std::move(segment));
    auto made = session.arm_to_its_end("PUT", aliases + *segment, object{{"properties", std::move(properties)}}, true,
                                       [](const value&) {});
    if (!made) return failure(std::move(made));
    auto found = find_subscription(session, name);
    if (!found) return failure(std::move(found));
    return Answer{.document = std::move(*found),
                  .note = fmt::format("You are its Owner. Work in it with 'berth subscription use {}'.", name)};
}

Result<Answer> change(Session& session, const Values& values, std::string_view action, const value& body,
                      std::string_view done) {
    auto scope = scope_of(session, values);
    if (!scope) return failure(std::move(scope));
    auto changed = session.arm("POST", fmt::format("{}/providers/Microsoft.Subscription/{}", *scope, action), body);
    if (!changed) return failure(std::move(changed));
    return Answer{.note = fmt::format("The subscription '{}' {}.", values.text("name"), done)};
}

Result<Answer> use(Session& session, const Values& values) {
    auto found = find_subscription(session, values.text("name"));
    if (!found) return failure(std::move(found));
    Profile profile = session.profile();
    profile.subscription = find_string(*found, "subscriptionId").value_or("");
    profile.resource_group = values.text("resource-group");
    Session there(std::move(profile));
    if (auto known = there.sign_in(); !known) return failure(std::move(known)); // finds the group if it is the only one
    if (auto saved = save_profile(there.profile()); !saved) return failure(std::move(saved));
    const std::string& group = there.profile().resource_group;
    return Answer{.note = fmt::format("Commands work in the subscription '{}' now, {}.", values.text("name"),
                                      group.empty() ? "and ask for --resource-group where one is needed"
                                                    : fmt::format("in its resource group '{}'", group))};
}

} // namespace

std::vector<Command> subscription_commands() {
    const auto name = name_argument("Name or id");
    return {{.path = "subscription create",
             .summary = "Make a subscription; you become its Owner",
             .arguments = {name_argument("Its name"),
                           {.name = "--management-group",
                            .what = "Below this management group; the root when left out",
                            .placeholder = "NAME"},
                           {.name = "--alias",
                            .what = "A name under which asking again gives the same; made up when left out",
                            .placeholder = "ALIAS"}},
             .examples = {"berth subscription create team1"},
             .columns = columns(),
             .run = create},
            {.path = "subscription list",
             .summary = "List subscriptions that you may see",
             .examples = {"berth subscription list", "berth subscription list --output json"},
             .columns = columns(),
             .run = list},
            {.path = "subscription show",
             .summary = "Show one of the subscriptions",
             .arguments = {name},
             .examples = {"berth subscription show team1"},
             .columns = columns(),
             .run = show},
            {.path = "subscription use",
             .summary = "Work in this subscription from now on",
             .arguments = {name, {.name = "-g,--resource-group", .what = "Resource group to work in", .placeholder = "NAME"}},
             .examples = {"berth subscription use team1"},
             .run = use},
            {.path = "subscription rename",
             .summary = "Give a subscription another name; its id stays",
             .arguments = {name, {.name = "new-name", .what = "Its name from now on", .required = true}},
             .examples = {"berth subscription rename team1 team-one"},
             .run =
                 [](Session& session, const Values& values) {
                     return change(session, values, "rename", object{{"subscriptionName", values.text("new-name")}},
                                   fmt::format("is called '{}' now", values.text("new-name")));
                 }},
            {.path = "subscription cancel",
             .summary = "Disable a subscription: what is in it can be read and deleted, and nothing else",
             .arguments = {name},
             .examples = {"berth subscription cancel team1", "berth subscription cancel team1 --yes"},
             .question = "Disable the subscription '{}'? Nothing in it can be changed until it is enabled again.",
             .run =
                 [](Session& session, const Values& values) {
                     return change(session, values, "cancel?IgnoreResourceCheck=true", nullptr,
                                   "is disabled; 'berth subscription enable' undoes it");
                 }},
            {.path = "subscription enable",
             .summary = "Enable a subscription that was cancelled",
             .arguments = {name},
             .examples = {"berth subscription enable team1"},
             .run = [](Session& session, const Values& values) {
                 return change(session, values, "enable", nullptr, "is enabled");
             }}};
}

} // namespace berth::app
