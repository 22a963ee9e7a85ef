#include "app/client/command_list.hpp"
#include "app/client/resource_kind.hpp"
#include "app/client/scopes.hpp"
#include "base/strict_json.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace berth::app {
namespace {

using boost::json::object;

Result<std::string> collection(Session& session, const Values& values) {
    auto scope = subscription_scope(session, values);
    if (!scope) return scope;
    return *scope + "/resourcegroups";
}

ResourceKind kind() {
    return {.command = "resource-group",
            .noun = "resource group",
            .plural = "resource groups",
            .where = {subscription_argument()},
            .collection = collection,
            .loss = "Everything in it, registries with all their images too, ends with it.",
            .columns = {{"name", "name"}, {"location", "location"}, {"state", "properties.provisioningState"}},
            .example_name = "team1"};
}

Result<Answer> create(Session& session, const Values& values) {
    auto path = locate(kind(), session, values);
    if (!path) return failure(std::move(path));
    if (session.arm("GET", *path)) {
        return failure(ErrorCode::conflict, fmt::format("There is a resource group '{}' already.", values.text("name")));
    }
    auto made =
        session.arm("PUT", *path, object{{"location", values.given("location") ? values.text("location") : "westeurope"}});
    if (!made) return failure(std::move(made));
    return Answer{.document = std::move(*made)};
}

} // namespace

std::vector<Command> resource_group_commands() {
    const ResourceKind groups = kind();
    std::vector<Command> out;
    out.push_back(
        {.path = "resource-group create",
         .summary = "Make a resource group",
         .arguments = {name_argument("1 to 90 letters, digits, '_', '-', '.', '(' or ')'"),
                       {.name = "-l,--location", .what = "westeurope when left out"},
                       subscription_argument()},
         .examples = {"berth resource-group create team1", "berth resource-group create team1 --location northeurope"},
         .columns = groups.columns,
         .run = create});
    for (Command& command : standard_commands(groups)) out.push_back(std::move(command));
    return out;
}

} // namespace berth::app
