#include "app/client/assigning.hpp"
#include "app/client/command_list.hpp"
#include "app/client/names.hpp"
#include "app/client/resource_kind.hpp"
#include "app/client/scopes.hpp"
#include "base/percent.hpp"
#include "base/strict_json.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace berth::app {
namespace {

using boost::json::object;

Result<std::string> collection(Session&, const Values&) { return std::string("/servicePrincipals"); }

Result<DirectoryName> named(Session& session, const Values& values) {
    return resolve_name(session, values.text("name"), Wanted::service_principal);
}

Result<std::string> item(Session& session, const Values& values) {
    auto principal = named(session, values);
    if (!principal) return failure(std::move(principal));
    return "/servicePrincipals/" + principal->id;
}

// Deleting the application deletes the principal with it; one whose application is gone goes alone.
Result<std::string> item_to_delete(Session& session, const Values& values) {
    auto principal = named(session, values);
    if (!principal) return failure(std::move(principal));
    auto applications =
        session.list_graph("/applications?$filter=" + percent_encode("appId eq " + odata_text(principal->client_id)));
    if (!applications) return failure(std::move(applications));
    if (applications->empty()) return "/servicePrincipals/" + principal->id;
    return "/applications/" + std::string(find_string(applications->front(), "id").value_or(""));
}

ResourceKind kind() {
    return {.command = "principal",
            .noun = "service principal",
            .plural = "service principals",
            .plane = ResourceKind::Plane::graph,
            .collection = collection,
            .item = item,
            .name_says = "Display name, client id or object id",
            .loss = "Its secrets and access end at once.",
            .columns = {{"name", "displayName"}, {"client id", "appId"}, {"object id", "id"}, {"enabled", "accountEnabled"}},
            .example_name = "ci-puller"};
}

Result<Answer> create(Session& session, const Values& values) {
    const bool assigns = values.given("role");
    std::string scope;
    std::string role;
    if (assigns) { // what cannot be assigned is told before anything is made
        auto found = named_scope(session, values);
        if (!found) return failure(std::move(found));
        scope = std::move(*found);
        auto definition = resolve_role(session, scope, values.text("role"));
        if (!definition) return failure(std::move(definition));
        role = std::move(*definition);
    }
    auto application = session.graph("POST", "/applications", object{{"displayName", values.text("name")}});
    if (!application) return failure(std::move(application));
    const std::string client_id(find_string(*application, "appId").value_or(""));
    auto principal = session.graph("POST", "/servicePrincipals", object{{"appId", client_id}});
    if (!principal) return failure(std::move(principal));
    const DirectoryName made{.id = std::string(find_string(*principal, "id").value_or("")),
                             .type = "ServicePrincipal",
                             .name = values.text("name"),
                             .client_id = client_id};
    auto password = session.graph("POST", "/servicePrincipals/" + made.id + "/addPassword", object{});
    if (!password) return failure(std::move(password));
    object document{{"displayName", made.name},
                    {"clientId", client_id},
                    {"objectId", made.id},
                    {"clientSecret", find_string(*password, "secretText").value_or("")}};
    std::string note = "The secret is shown this once.";
    if (assigns) {
        auto assigned = assign_role(session, scope, role, made, {});
        if (assigned) {
            document["role"] = fmt::format("{} at {}", values.text("role"), spoken_scope(scope));
        } else {
            // The principal is there and its secret would be lost.
            note += fmt::format("\nIt holds no role: {}", assigned.error().message);
        }
    }
    return Answer{.document = std::move(document), .note = std::move(note)};
}

Result<Answer> set_enabled(Session& session, const Values& values, bool enabled) {
    auto path = item(session, values);
    if (!path) return failure(std::move(path));
    auto changed = session.graph("PATCH", *path, object{{"accountEnabled", enabled}});
    if (!changed) return failure(std::move(changed));
    return Answer{.note = fmt::format("'{}' is {}; it counts from the next request.", values.text("name"),
                                      enabled ? "enabled" : "disabled")};
}

} // namespace

std::vector<Command> principal_commands() {
    const ResourceKind principals = kind();
    std::vector<Command> out = {
        {.path = "principal create",
         .summary = "Make a service principal with a secret",
         .arguments =
             joined({name_argument("Display name"), {.name = "--role", .what = "Assign this role, too"}}, scope_arguments()),
         .examples = {"berth principal create ci-puller", "berth principal create ci-puller --role AcrPull --registry berth"},
         .columns = {{"name", "displayName"},
                     {"client id", "clientId"},
                     {"object id", "objectId"},
                     {"client secret", "clientSecret"},
                     {"role", "role"}},
         .run = create}};
    ResourceKind deleted = principals;
    deleted.item = item_to_delete;
    for (Command& command : standard_commands(principals)) {
        if (command.path != "principal delete") out.push_back(std::move(command));
    }
    for (Command& command : standard_commands(deleted)) {
        if (command.path == "principal delete") out.push_back(std::move(command));
    }
    out.push_back({.path = "principal enable",
                   .summary = "Let a service principal in again",
                   .arguments = {name_argument(principals.name_says)},
                   .examples = {"berth principal enable ci-puller"},
                   .run = [](Session& session, const Values& values) { return set_enabled(session, values, true); }});
    out.push_back({.path = "principal disable",
                   .summary = "Keep a service principal out, with tokens that it has, too",
                   .arguments = {name_argument(principals.name_says)},
                   .examples = {"berth principal disable ci-puller"},
                   .run = [](Session& session, const Values& values) { return set_enabled(session, values, false); }});
    return out;
}

} // namespace berth::app
