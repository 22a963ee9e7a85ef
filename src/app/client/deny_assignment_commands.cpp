#include "app/client/command_list.hpp"
#include "app/client/names.hpp"
#include "app/client/resource_kind.hpp"
#include "app/client/scopes.hpp"
#include "base/encoding.hpp"
#include "base/guid.hpp"
#include "base/strict_json.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace berth::app {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

const std::string everyone = "00000000-0000-0000-0000-000000000000";
const std::string denials_at = "/providers/Microsoft.Authorization/denyAssignments";

Result<std::string> collection(Session& session, const Values& values) {
    auto scope = named_scope(session, values);
    if (!scope) return scope;
    return *scope + denials_at;
}

// By ARM id, or by the GUID or name of one at, above or below the scope.
Result<std::string> item(Session& session, const Values& values) {
    const std::string name = values.text("name");
    if (name.starts_with('/')) return encode_path(name);
    auto path = collection(session, values);
    if (!path) return path;
    auto all = session.list_arm(*path);
    if (!all) return failure(std::move(all));
    std::vector<std::string> found;
    for (const auto& one : *all) {
        const auto* properties = find_member(one, "properties");
        const bool named =
            properties != nullptr && equals_ignoring_case(find_string(*properties, "denyAssignmentName").value_or(""), name);
        if (named || equals_ignoring_case(find_string(one, "name").value_or(""), name)) {
            found.emplace_back(find_string(one, "id").value_or(""));
        }
    }
    if (found.empty()) return failure(ErrorCode::not_found, fmt::format("There is no deny assignment '{}'.", name));
    if (found.size() == 1) return encode_path(found.front());
    std::string message = fmt::format("'{}' is the name of {} deny assignments. Say which by its id:", name, found.size());
    for (const auto& id : found) message += "\n  " + id;
    return failure(ErrorCode::conflict, std::move(message));
}

ResourceKind kind() {
    return {.command = "deny-assignment",
            .noun = "deny assignment",
            .plural = "deny assignments",
            .where = scope_arguments(),
            .collection = collection,
            .item = item,
            .name_says = "Name, GUID or ARM id",
            .loss = "What it forbade is decided by roles alone again.",
            .columns = {{"name", "properties.denyAssignmentName"},
                        {"id", "name"},
                        {"scope", "properties.scope"},
                        {"actions", "actions"},
                        {"principals", "principals"},
                        {"except", "except"}},
            .example_name = "no-registry-delete"};
}

value texts(const std::vector<std::string>& list) {
    array out;
    for (const auto& text : list) out.push_back(value(text));
    return out;
}

Result<array> principals(Session& session, const std::vector<std::string>& names) {
    array out;
    for (const auto& name : names) {
        auto principal = resolve_name(session, name);
        if (!principal) return failure(std::move(principal));
        object one{{"id", principal->id}};
        if (!principal->type.empty()) one["type"] = principal->type;
        out.push_back(std::move(one));
    }
    return out;
}

Result<Answer> create(Session& session, const Values& values) {
    if (values.given("everyone") == values.given("principal")) {
        return failure(ErrorCode::invalid_parameter,
                       "Whom shall it bind? Give --principal WHO, or --everyone with --exclude WHO.");
    }
    auto scope = named_scope(session, values);
    if (!scope) return failure(std::move(scope));
    auto bound = principals(session, values.list("principal"));
    if (!bound) return failure(std::move(bound));
    if (values.given("everyone")) bound->push_back(object{{"id", everyone}, {"type", "SystemDefined"}});
    auto excluded = principals(session, values.list("exclude"));
    if (!excluded) return failure(std::move(excluded));
    const value permission =
        object{{"actions", texts(values.list("action"))}, {"notActions", texts(values.list("not-action"))}};
    object properties{{"denyAssignmentName", values.text("name")}, {"description", values.text("description")},
                      {"permissions", array{permission}},          {"principals", std::move(*bound)},
                      {"excludePrincipals", std::move(*excluded)}, {"doNotApplyToChildScopes", values.given("not-below")}};
    auto made =
        session.arm("PUT", *scope + denials_at + '/' + Guid::random().value(), object{{"properties", std::move(properties)}});
    if (!made) return failure(std::move(made));
    return Answer{.document = std::move(*made),
                  .note = fmt::format("'{}' forbids it at {} from the next request.", values.text("name"),
                                      scope->empty() ? "/" : *scope)};
}

// Rows of tables: the actions of all permissions in one cell, principals by their names.
value row(Session& session, const value& denial) {
    const auto* properties = find_member(denial, "properties");
    if (properties == nullptr || !denial.is_object()) return denial;
    object out = denial.get_object();
    array actions;
    if (const auto* permissions = find_member(*properties, "permissions"); permissions != nullptr && permissions->is_array()) {
        for (const auto& permission : permissions->get_array()) {
            for (const auto& action : find_strings(permission, "actions").value_or(std::vector<std::string>{})) {
                actions.push_back(value(action));
            }
        }
    }
    out["actions"] = std::move(actions);
    for (const auto& [member, shown] : {std::pair{"principals", "principals"}, std::pair{"excludePrincipals", "except"}}) {
        std::vector<std::string> ids;
        const auto* list = find_member(*properties, member);
        if (list == nullptr || !list->is_array()) continue;
        for (const auto& one : list->get_array()) ids.emplace_back(find_string(one, "id").value_or(""));
        const auto names = display_names(session, ids);
        array cells;
        for (const auto& id : ids) {
            const auto name = names.find(id);
            cells.push_back(value(id == everyone ? "everyone" : name != names.end() ? name->second : id));
        }
        out[shown] = std::move(cells);
    }
    return out;
}

} // namespace

std::vector<Command> deny_assignment_commands() {
    const ResourceKind denials = kind();
    using Kind = Argument::Kind;
    std::vector<Command> out = {
        {.path = "deny-assignment create",
         .summary = "Forbid actions at a scope whatever roles allow",
         .arguments = joined(
             {name_argument("Its name"),
              {.name = "--action", .what = "Actions to forbid", .kind = Kind::list, .required = true, .placeholder = "ACTION"},
              {.name = "--not-action", .what = "Those of them to leave alone", .kind = Kind::list, .placeholder = "ACTION"},
              {.name = "--principal", .what = "Users or service principals to bind", .kind = Kind::list, .placeholder = "WHO"},
              {.name = "--everyone", .what = "Bind everybody but those excluded", .kind = Kind::flag},
              {.name = "--exclude", .what = "Whom it does not bind", .kind = Kind::list, .placeholder = "WHO"},
              {.name = "--not-below", .what = "At exactly this scope only", .kind = Kind::flag},
              {.name = "--description", .what = "Why"}},
             scope_arguments()),
         .examples = {"berth deny-assignment create no-registry-delete --everyone --exclude berth-owner --action "
                      "Microsoft.ContainerRegistry/registries/delete --resource-group berth"},
         .run = create}};
    for (Command& command : standard_commands(denials)) {
        if (!command.columns.empty()) {
            command.run = [run = std::move(command.run)](Session& session, const Values& values) -> Result<Answer> {
                auto answer = run(session, values);
                if (!answer) return answer;
                if (answer->document.is_array()) {
                    array rows;
                    for (const auto& one : answer->document.get_array()) rows.push_back(row(session, one));
                    answer->rows = std::move(rows);
                } else {
                    answer->rows = row(session, answer->document);
                }
                return answer;
            };
        }
        out.push_back(std::move(command));
    }
    return out;
}

} // namespace berth::app
