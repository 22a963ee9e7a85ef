#include "app/client/command_list.hpp"
#include "app/client/console.hpp"
#include "app/client/names.hpp"
#include "app/client/resource_kind.hpp"
#include "app/client/role_document.hpp"
#include "app/client/scopes.hpp"
#include "base/encoding.hpp"
#include "base/guid.hpp"
#include "base/percent.hpp"
#include "base/strict_json.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace berth::app {
namespace {

using boost::json::object;

const std::string definitions = "/providers/Microsoft.Authorization/roleDefinitions";

Result<std::string> collection(Session& session, const Values& values) {
    auto scope = named_scope(session, values);
    if (!scope) return scope;
    std::string filter;
    if (values.given("custom")) filter = "type eq 'CustomRole'";
    if (values.given("name")) filter = "roleName eq " + odata_text(values.text("name"));
    return *scope + definitions + (filter.empty() ? "" : "?$filter=" + percent_encode(filter));
}

Result<std::string> item(Session& session, const Values& values) {
    auto scope = named_scope(session, values);
    if (!scope) return scope;
    return resolve_role(session, *scope, values.text("name"));
}

ResourceKind kind() {
    return {.command = "role definition",
            .noun = "role",
            .plural = "roles",
            .where = scope_arguments(),
            .list_only = {{.name = "--custom", .what = "Only roles that somebody made", .kind = Argument::Kind::flag},
                          {.name = "--name", .what = "Only the role of this name"}},
            .collection = collection,
            .item = item,
            .name_says = "Name, GUID or ARM id",
            .loss = "It can be deleted only while nobody holds it.",
            .columns = {{"name", "properties.roleName"},
                        {"type", "properties.type"},
                        {"id", "name"},
                        {"description", "properties.description"}},
            .example_name = "AcrPull"};
}

// The GUID of the custom role that the document means, by its GUID or name; empty when there is none.
Result<std::string> existing(Session& session, const std::string& scope, const RoleDocument& role) {
    const auto* name = role.properties.if_contains("roleName");
    auto found = session.list_arm(scope + definitions);
    if (!found) return failure(std::move(found));
    for (const auto& one : *found) {
        const auto* properties = find_member(one, "properties");
        const std::string guid(find_string(one, "name").value_or(""));
        const bool same_name =
            properties != nullptr && name != nullptr && name->is_string() &&
            equals_ignoring_case(find_string(*properties, "roleName").value_or(""), std::string_view(name->get_string()));
        if (role.guid.empty() ? same_name : equals_ignoring_case(guid, role.guid)) return guid;
    }
    return std::string();
}

Result<Answer> write(Session& session, const Values& values, bool update) {
    auto text = read_text(values.text("file"));
    if (!text) return failure(std::move(text));
    auto scope = subscription_scope(session, values);
    if (!scope) return failure(std::move(scope));
    auto role = RoleDocument::parse(*text, *scope);
    if (!role) return failure(std::move(role));
    std::string guid = role->guid;
    if (update || guid.empty()) {
        auto found = existing(session, *scope, *role);
        if (!found) return failure(std::move(found));
        const std::string name(role->properties["roleName"].get_string());
        if (update && found->empty()) {
            return failure(ErrorCode::not_found,
                           fmt::format("There is no role '{}' to update. 'berth role definition create' makes it.", name));
        }
        if (!update && !found->empty()) {
            return failure(ErrorCode::conflict,
                           fmt::format("There is a role '{}' already. Change it with 'berth role definition "
                                       "update'.",
                                       name));
        }
        guid = update ? *found : Guid::random().value();
    }
    // Written at the first scope where it can be assigned, as az does.
    const auto& scopes = role->properties["assignableScopes"].get_array();
    auto path = encode_path(scopes.empty() ? std::string_view(*scope) : std::string_view(scopes.front().get_string()));
    if (!path) return failure(std::move(path));
    while (path->ends_with('/')) path->pop_back();
    auto written = session.arm("PUT", *path + definitions + '/' + guid, object{{"properties", std::move(role->properties)}});
    if (!written) return failure(std::move(written));
    return Answer{.document = std::move(*written)};
}

} // namespace

std::vector<Command> role_definition_commands() {
    ResourceKind roles = kind();
    const std::vector<Argument> from_file = {
        {.name = "file",
         .what = "JSON with Name, Description, Actions, NotActions, DataActions, NotDataActions and "
                 "AssignableScopes (the subscription when left out), or as 'show' prints it; - reads standard input",
         .required = true,
         .placeholder = "FILE"},
        subscription_argument()};
    std::vector<Command> out = {
        {.path = "role definition create",
         .summary = "Make a custom role of a JSON file",
         .arguments = from_file,
         .examples = {"berth role definition create tag-lister.json", "berth role definition create - < tag-lister.json"},
         .columns = roles.columns,
         .run = [](Session& session, const Values& values) { return write(session, values, false); }},
        {.path = "role definition update",
         .summary = "Replace the custom role that the JSON file names; it counts from the next request",
         .arguments = from_file,
         .examples = {"berth role definition update tag-lister.json"},
         .columns = roles.columns,
         .run = [](Session& session, const Values& values) { return write(session, values, true); }}};
    for (Command& command : standard_commands(roles)) {
        if (command.path == "role definition list") {
            command.examples = {"berth role definition list --custom",
                                "berth role definition list --name AcrPull --output json"};
        } else {
            // One role has room for all of it.
            command.columns.push_back({"assignable at", "properties.assignableScopes"});
            command.columns.push_back({"permissions", "properties.permissions"});
        }
        if (command.path == "role definition delete") {
            command.columns.clear();
            command.examples = {"berth role definition delete 'Tag lister'", "berth role definition delete 'Tag lister' --yes"};
        }
        out.push_back(std::move(command));
    }
    return out;
}

} // namespace berth::app
