#include "app/client/command_list.hpp"
#include "app/client/repository_actions.hpp"
#include "app/client/resource_kind.hpp"
#include "app/client/scopes.hpp"
#include "base/encoding.hpp"
#include "base/strict_json.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace berth::app {
namespace {

using boost::json::object;

constexpr std::array<std::string_view, 5> known_actions = {"content/read", "content/write", "content/delete", "metadata/read",
                                                           "metadata/write"};

Result<std::string> collection(Session& session, const Values& values) {
    auto registry = registry_scope(session, values, values.text("registry"));
    if (!registry) return registry;
    return *registry + "/scopeMaps";
}

ResourceKind kind() {
    return {.command = "scope-map",
            .noun = "scope map",
            .plural = "scope maps",
            .where = registry_arguments(),
            .collection = collection,
            .loss = "Tokens that hold it may do nothing then.",
            .columns = {{"name", "name"},
                        {"type", "properties.type"},
                        {"description", "properties.description"},
                        {"actions", "properties.actions"}},
            .example_name = "hello-reader",
            .example_where = " --registry berth"};
}

boost::json::array array_of(const std::set<std::string>& actions) {
    boost::json::array out;
    for (const auto& action : actions) out.push_back(boost::json::value(action));
    return out;
}

Result<Answer> create(Session& session, const Values& values) {
    auto actions = repository_actions(values, "repository");
    if (!actions) return failure(std::move(actions));
    auto path = locate(kind(), session, values);
    if (!path) return failure(std::move(path));
    auto made = session.arm(
        "PUT", *path,
        object{{"properties", object{{"description", values.text("description")}, {"actions", array_of(*actions)}}}});
    if (!made) return failure(std::move(made));
    return Answer{.document = std::move(*made)};
}

Result<Answer> update(Session& session, const Values& values) {
    auto added = repository_actions(values, "add-repository");
    if (!added) return failure(std::move(added));
    auto removed = repository_actions(values, "remove-repository");
    if (!removed) return failure(std::move(removed));
    if (added->empty() && removed->empty() && !values.given("description")) {
        return failure(ErrorCode::invalid_parameter,
                       "What shall change? Give --add-repository, --remove-repository or --description.");
    }
    auto path = locate(kind(), session, values);
    if (!path) return failure(std::move(path));
    object properties;
    if (values.given("description")) properties["description"] = values.text("description");
    if (!added->empty() || !removed->empty()) {
        auto current = session.arm("GET", *path);
        if (!current) return failure(std::move(current));
        const auto* now = find_member(*current, "properties");
        const auto had = now != nullptr ? find_strings(*now, "actions") : std::nullopt;
        std::set<std::string> actions = std::move(*added);
        for (const auto& action : had.value_or(std::vector<std::string>{})) actions.insert(action);
        for (const auto& action : *removed) actions.erase(action);
        properties["actions"] = array_of(actions);
    }
    auto changed = session.arm("PATCH", *path, object{{"properties", std::move(properties)}});
    if (!changed) return failure(std::move(changed));
    return Answer{.document = std::move(*changed)};
}

} // namespace

Argument repository_argument(std::string name, std::string what) {
    return {.name = std::move(name), .what = std::move(what), .kind = Argument::Kind::groups, .placeholder = "NAME ACTION"};
}

Result<std::set<std::string>> repository_actions(const Values& values, std::string_view key) {
    std::set<std::string> out;
    for (const auto& one : values.occurrences(key)) {
        if (one.size() < 2) {
            return failure(ErrorCode::invalid_parameter,
                           fmt::format("--{} takes a repository and at least one action: --{} hello content/read", key, key));
        }
        for (std::size_t i = 1; i < one.size(); ++i) {
            const std::string action = to_lower(one[i]);
            if (std::ranges::find(known_actions, action) == known_actions.end()) {
                return failure(ErrorCode::invalid_parameter,
                               fmt::format("'{}' is no action on a repository. There are content/read, content/write, "
                                           "content/delete, metadata/read and metadata/write.",
                                           one[i]));
            }
            out.insert(fmt::format("repositories/{}/{}", to_lower(one.front()), action));
        }
    }
    return out;
}

std::vector<Command> scope_map_commands() {
    const ResourceKind maps = kind();
    auto repository = repository_argument("--repository", "A repository ('*' and 'team/*' work) and what may be done there");
    repository.required = true;
    const Argument description = {.name = "--description", .what = "What it is for"};
    std::vector<Command> out = {
        {.path = "scope-map create",
         .summary = "Make a scope map: what tokens that hold it may do in which repositories",
         .arguments =
             joined({name_argument("5 to 50 letters, digits and dashes"), repository, description}, registry_arguments()),
         .examples = {"berth scope-map create hello-reader --registry berth --repository hello content/read metadata/read",
                      "berth scope-map create team-writer --registry berth --repository 'team/*' content/read content/write"},
         .columns = maps.columns,
         .run = create}};
    for (Command& command : standard_commands(maps)) out.push_back(std::move(command));
    out.push_back(
        {.path = "scope-map update",
         .summary = "Change a scope map; it counts from the next request",
         .arguments = joined({name_argument("Its name"), repository_argument("--add-repository", "What may be done, too"),
                              repository_argument("--remove-repository", "What may not be done any more"), description},
                             registry_arguments()),
         .examples = {"berth scope-map update hello-reader --registry berth --add-repository hello content/write"},
         .columns = maps.columns,
         .run = update});
    return out;
}

} // namespace berth::app
