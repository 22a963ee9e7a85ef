#include "app/client/command_list.hpp"
#include "app/client/resource_kind.hpp"
#include "app/client/scopes.hpp"
#include "base/strict_json.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace berth::app {
namespace {

using boost::json::object;

const std::string below = "/providers/Microsoft.ContainerRegistry/registries";

// The whole subscription, or one group of it.
Result<std::string> collection(Session& session, const Values& values) {
    auto scope = values.given("resource-group") ? group_scope(session, values) : subscription_scope(session, values);
    if (!scope) return scope;
    return *scope + below;
}

Result<std::string> item(Session& session, const Values& values) {
    return registry_scope(session, values, values.text("name"));
}

ResourceKind kind() {
    return {.command = "registry",
            .noun = "registry",
            .plural = "registries",
            .where = group_arguments(),
            .collection = collection,
            .item = item,
            .name_says = "Name or ARM id",
            .loss = "All its images, tokens and role assignments end with it.",
            .columns = {{"name", "name"},
                        {"resource group", "resourceGroup"},
                        {"location", "location"},
                        {"sku", "sku.name"},
                        {"login server", "properties.loginServer"},
                        {"permissions", "permissions"},
                        {"anonymous pull", "properties.anonymousPullEnabled"},
                        {"admin user", "properties.adminUserEnabled"}},
            .example_name = "berth"};
}

// What az's table shows and the answer only implies: the group, and the mode in the words of `--permissions`.
boost::json::value described(const boost::json::value& registry) {
    auto out = registry;
    if (!out.is_object()) return out;
    const std::string id(find_string(registry, "id").value_or(""));
    const std::size_t group = id.find("/resourceGroups/");
    if (group != std::string::npos) {
        const std::string rest = id.substr(group + 16);
        out.get_object()["resourceGroup"] = rest.substr(0, rest.find('/'));
    }
    const auto* properties = find_member(registry, "properties");
    const auto mode = properties != nullptr ? find_string(*properties, "roleAssignmentMode") : std::nullopt;
    if (mode) out.get_object()["permissions"] = *mode == "AbacRepositoryPermissions" ? "repository" : "registry";
    return out;
}

Answer described(Answer answer) {
    if (answer.document.is_array()) {
        boost::json::array rows;
        for (const auto& one : answer.document.get_array()) rows.push_back(described(one));
        answer.rows = std::move(rows);
    } else if (answer.document.is_object()) {
        answer.rows = described(answer.document);
    }
    return answer;
}

std::vector<Argument> settings() {
    return {
        {.name = "--permissions",
         .what = "Which roles decide on images: those of the whole registry, or of repositories by conditions",
         .choices = {"registry", "repository"}},
        {.name = "--role-assignment-mode", .what = "The same in az's words", .choices = {"rbac", "rbac-abac"}},
        {.name = "--anonymous-pull", .what = "Whether anybody may pull without a login", .choices = {"on", "off"}},
        {.name = "--admin-user", .what = "Whether the admin user may log in with its two passwords", .choices = {"on", "off"}},
        {.name = "--sku", .what = "Service tier as clients see it", .choices = {"Basic", "Standard", "Premium"}}};
}

Result<object> properties_of(const Values& values) {
    if (values.given("permissions") && values.given("role-assignment-mode")) {
        return failure(ErrorCode::invalid_parameter,
                       "--permissions and --role-assignment-mode say the same: give one of them.");
    }
    object out;
    if (values.given("permissions") || values.given("role-assignment-mode")) {
        const bool by_repository =
            values.text("permissions") == "repository" || values.text("role-assignment-mode") == "rbac-abac";
        out["roleAssignmentMode"] = by_repository ? "AbacRepositoryPermissions" : "LegacyRegistryPermissions";
    }
    if (values.given("anonymous-pull")) out["anonymousPullEnabled"] = values.text("anonymous-pull") == "on";
    if (values.given("admin-user")) out["adminUserEnabled"] = values.text("admin-user") == "on";
    return out;
}

Result<Answer> create(Session& session, const Values& values) {
    auto properties = properties_of(values);
    if (!properties) return failure(std::move(properties));
    auto name = encode_segment(values.text("name"));
    if (!name) return failure(std::move(name));
    auto group = group_scope(session, values);
    if (!group) return failure(std::move(group));
    const std::string path = *group + below + '/' + *name;
    // A PUT of what is there would replace its settings; `update` is for that.
    const auto existing = session.arm("GET", path);
    if (existing) {
        return failure(ErrorCode::conflict, fmt::format("There is a registry '{0}' already. Change it with 'berth registry "
                                                        "update {0}'.",
                                                        values.text("name")));
    }
    std::string location = values.text("location");
    if (location.empty()) {
        auto found = session.arm("GET", *group);
        if (!found) return failure(std::move(found));
        location = find_string(*found, "location").value_or("");
    }
    auto made = session.arm("PUT", path,
                            object{{"location", location},
                                   {"sku", object{{"name", values.given("sku") ? values.text("sku") : "Premium"}}},
                                   {"properties", std::move(*properties)}});
    if (!made) return failure(std::move(made));
    return described(Answer{.document = std::move(*made)});
}

Result<Answer> update(Session& session, const Values& values) {
    auto properties = properties_of(values);
    if (!properties) return failure(std::move(properties));
    object body;
    if (!properties->empty()) body["properties"] = std::move(*properties);
    if (values.given("sku")) body["sku"] = object{{"name", values.text("sku")}};
    if (body.empty()) {
        return failure(ErrorCode::invalid_parameter,
                       "What shall change? Give --permissions, --anonymous-pull, --admin-user or --sku.");
    }
    auto path = item(session, values);
    if (!path) return failure(std::move(path));
    auto changed = session.arm("PATCH", *path, std::move(body));
    if (!changed) return failure(std::move(changed));
    return described(Answer{.document = std::move(*changed)});
}

// To another resource group, of another subscription too. What is refused there is refused before anything moves.
Result<Answer> move(Session& session, const Values& values) {
    auto registry = item(session, values);
    if (!registry) return failure(std::move(registry));
    auto group = encode_segment(values.text("to-resource-group"));
    if (!group) return failure(std::move(group));
    const std::string id = *registry;
    const std::string from = id.substr(0, id.find("/providers/"));
    Result<std::string> subscription = id.substr(0, id.find("/resourceGroups/"));
    if (values.given("to-subscription")) {
        Values there;
        there.set("subscription", {{values.text("to-subscription")}});
        subscription = subscription_scope(session, there);
        if (!subscription) return failure(std::move(subscription));
    }
    auto moved = session.arm_to_its_end("POST", from + "/moveResources",
                                        object{{"resources", boost::json::array{boost::json::value(id)}},
                                               {"targetResourceGroup", *subscription + "/resourceGroups/" + *group}},
                                        true, [](const boost::json::value&) {});
    if (!moved) return failure(std::move(moved));
    return Answer{
        .note = fmt::format("The registry '{}' lies in the resource group '{}' now. Role assignments at the registry itself "
                            "stayed behind; those that it needs there have to be made again.",
                            values.text("name"), values.text("to-resource-group"))};
}

Result<Answer> usage(Session& session, const Values& values) {
    auto path = item(session, values);
    if (!path) return failure(std::move(path));
    auto used = session.arm("GET", *path + "/listUsages");
    if (!used) return failure(std::move(used));
    const auto* rows = find_member(*used, "value");
    return Answer{.document = *used, .rows = rows != nullptr ? *rows : boost::json::array{}};
}

} // namespace

std::vector<Command> registry_commands() {
    const ResourceKind registries = kind();
    std::vector<Command> out;
    out.push_back({.path = "registry create",
                   .summary = "Make a registry",
                   .arguments = joined(joined(joined({name_argument("5 to 50 letters and digits")}, settings()),
                                              {{.name = "-l,--location", .what = "The resource group's when left out"}}),
                                       group_arguments()),
                   .examples = {"berth registry create team1",
                                "berth registry create team2 --permissions repository --anonymous-pull on"},
                   .columns = registries.columns,
                   .run = create});
    for (Command& command : standard_commands(registries)) {
        command.run = [run = std::move(command.run)](Session& session, const Values& values) -> Result<Answer> {
            auto answer = run(session, values);
            if (!answer) return answer;
            return described(std::move(*answer));
        };
        out.push_back(std::move(command));
    }
    out.push_back({.path = "registry update",
                   .summary = "Change the settings of a registry; they count from the next request",
                   .arguments = joined(joined({name_argument("Name or ARM id")}, settings()), group_arguments()),
                   .examples = {"berth registry update berth --permissions repository",
                                "berth registry update berth --anonymous-pull off --admin-user on"},
                   .columns = registries.columns,
                   .run = update});
    out.push_back(
        {.path = "registry move",
         .summary = "Move a registry to another resource group or subscription; its images and name stay",
         .arguments = joined({name_argument("Name or ARM id"),
                              {.name = "--to-resource-group", .what = "Where to", .required = true, .placeholder = "NAME"},
                              {.name = "--to-subscription",
                               .what = "Id or name of the subscription that the group lies in; the same when left out",
                               .placeholder = "SUBSCRIPTION"}},
                             group_arguments()),
         .examples = {"berth registry move berth --to-resource-group team1"},
         .run = move});
    out.push_back({.path = "registry usage",
                   .summary = "Show how much a registry holds",
                   .arguments = joined({name_argument("Name or ARM id")}, group_arguments()),
                   .examples = {"berth registry usage berth"},
                   .columns = {{"name", "name"}, {"used", "currentValue"}, {"limit", "limit"}, {"unit", "unit"}},
                   .run = usage});
    return out;
}

} // namespace berth::app
