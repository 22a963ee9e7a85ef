#include "app/client/command_list.hpp"
#include "app/client/resource_kind.hpp"
#include "app/client/scopes.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace berth::app {
namespace {

using boost::json::object;

Result<std::string> collection(Session& session, const Values& values) {
    auto scope = named_scope(session, values);
    if (!scope) return scope;
    return *scope + "/providers/Microsoft.Authorization/locks";
}

ResourceKind kind() {
    return {.command = "lock",
            .noun = "lock",
            .plural = "locks",
            .where = scope_arguments(),
            .collection = collection,
            .name_says = "Name or ARM id",
            .loss = "What it kept from being deleted or changed can be again.",
            .columns = {{"name", "name"}, {"level", "properties.level"}, {"notes", "properties.notes"}, {"id", "id"}},
            .example_name = "keep",
            .example_where = " --registry berth"};
}

Result<Answer> create(Session& session, const Values& values) {
    auto path = locate(kind(), session, values);
    if (!path) return failure(std::move(path));
    object properties{{"level", values.text("level") == "read-only" ? "ReadOnly" : "CanNotDelete"}};
    if (values.given("notes")) properties["notes"] = values.text("notes");
    auto made = session.arm("PUT", *path, object{{"properties", std::move(properties)}});
    if (!made) return failure(std::move(made));
    return Answer{
        .document = std::move(*made),
        .note = fmt::format("It holds for everybody, Owners too, and counts from the next request. 'berth lock delete {}' "
                            "lifts it.",
                            values.text("name"))};
}

} // namespace

std::vector<Command> lock_commands() {
    const ResourceKind locks = kind();
    std::vector<Command> out;
    out.push_back(
        {.path = "lock create",
         .summary = "Keep a registry, a resource group or a subscription from being deleted or changed by anybody",
         .arguments = joined({name_argument("Its name"),
                              {.name = "--level",
                               .what = "cannot-delete: it can be changed; read-only: nor be changed, nor its passwords shown",
                               .required = true,
                               .choices = {"cannot-delete", "read-only"}},
                              {.name = "--notes", .what = "Why; those whom it stops read it"}},
                             scope_arguments()),
         .examples = {"berth lock create keep --level cannot-delete --registry berth --notes 'Images of all sites'",
                      "berth lock create frozen --level read-only --resource-group berth"},
         .columns = locks.columns,
         .run = create});
    for (Command& command : standard_commands(locks)) out.push_back(std::move(command));
    return out;
}

} // namespace berth::app
