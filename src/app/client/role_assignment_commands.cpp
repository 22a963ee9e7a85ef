#include "app/client/assigning.hpp"
#include "app/client/command_list.hpp"
#include "app/client/console.hpp"
#include "app/client/names.hpp"
#include "app/client/resource_kind.hpp"
#include "app/client/scopes.hpp"
#include "base/encoding.hpp"
#include "base/guid.hpp"
#include "base/percent.hpp"
#include "base/strict_json.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

#include <map>

namespace berth::app {
namespace {

using boost::json::value;

const std::string assignments_at = "/providers/Microsoft.Authorization/roleAssignments";

std::string property(const value& assignment, std::string_view name) {
    const auto* properties = find_member(assignment, "properties");
    return properties != nullptr ? std::string(find_string(*properties, name).value_or("")) : std::string();
}

std::string last_segment(const std::string& id) { return id.substr(id.rfind('/') + 1); }

// A condition as it is, or in a file: `@file`, as az takes it.
Result<std::string> condition_of(const Values& values) {
    std::string text = values.text("condition");
    if (!text.starts_with('@') || text.starts_with("@Re") || text.starts_with("@Pr") || text.starts_with("@En")) return text;
    auto read = read_text(text.substr(1));
    while (read && !read->empty() && (read->back() == '\n' || read->back() == '\r')) read->pop_back();
    return read;
}

Result<Answer> create(Session& session, const Values& values) {
    auto condition = condition_of(values);
    if (!condition) return failure(std::move(condition));
    auto scope = named_scope(session, values);
    if (!scope) return failure(std::move(scope));
    auto principal = resolve_name(session, values.text("assignee"));
    if (!principal) return failure(std::move(principal));
    auto made = assign_role(session, *scope, values.text("role"), *principal,
                            {.condition = std::move(*condition), .description = values.text("description")});
    if (!made) return failure(std::move(made));
    return Answer{.document = std::move(*made),
                  .note = fmt::format("'{}' now holds {} at {}{}; it counts from the next request.", values.text("assignee"),
                                      values.text("role"), spoken_scope(*scope),
                                      values.given("condition") ? ", under the condition" : "")};
}

struct Selection {
    std::string scope;
    bool whole = false;     ///< below the scope, too
    bool inherited = false; ///< above it, too
    bool groups = false;    ///< what the principal's groups hold, too
    std::optional<DirectoryName> principal;
    std::string role; ///< GUID, or empty
};

Result<Selection> selection(Session& session, const Values& values) {
    auto scope = named_scope(session, values);
    if (!scope) return failure(std::move(scope));
    Selection out{.scope = std::move(*scope),
                  .whole = values.given("all"),
                  .inherited = values.given("include-inherited"),
                  .groups = values.given("include-groups"),
                  .principal = std::nullopt,
                  .role = ""};
    if (values.given("assignee")) {
        auto principal = resolve_name(session, values.text("assignee"));
        if (!principal) return failure(std::move(principal));
        out.principal = std::move(*principal);
    } else if (out.groups) {
        return failure(ErrorCode::invalid_parameter, "--include-groups goes with --assignee: whose groups?");
    }
    if (values.given("role")) {
        auto role = resolve_role(session, out.scope, values.text("role"));
        if (!role) return failure(std::move(role));
        out.role = last_segment(*role);
    }
    return out;
}

// The server filters what it can; `principalId eq` and `atScope()` do not go together there.
std::string filter_of(const Selection& wanted) {
    std::string filter = wanted.whole ? "" : "atScope()";
    if (!wanted.principal) return filter;
    const std::string id = odata_text(wanted.principal->id);
    if (wanted.groups) return filter + (filter.empty() ? "" : " and ") + fmt::format("assignedTo({})", id);
    return wanted.whole ? "principalId eq " + id : filter;
}

Result<boost::json::array> select(Session& session, const Selection& wanted) {
    const std::string filter = filter_of(wanted);
    auto all = session.list_arm(wanted.scope + assignments_at + (filter.empty() ? "" : "?$filter=" + percent_encode(filter)));
    if (!all) return all;
    const auto scope = percent_decode(wanted.scope).value_or(wanted.scope);
    boost::json::array out;
    for (auto& one : *all) {
        std::string at = property(one, "scope");
        if (at == "/") at.clear();
        if (!wanted.whole && !wanted.inherited && !equals_ignoring_case(at, scope)) continue;
        if (wanted.principal && !wanted.groups && property(one, "principalId") != wanted.principal->id) continue;
        if (!wanted.role.empty() && !equals_ignoring_case(last_segment(property(one, "roleDefinitionId")), wanted.role))
            continue;
        out.push_back(std::move(one));
    }
    return out;
}

// Adds `roleDefinitionName` and `principalName`, as az shows them.
Result<void> add_names(Session& session, const std::string& scope, boost::json::array& assignments) {
    if (assignments.empty()) return {};
    auto definitions = session.list_arm(scope + "/providers/Microsoft.Authorization/roleDefinitions");
    if (!definitions) return failure(std::move(definitions));
    std::map<std::string, std::string> roles;
    for (const auto& one : *definitions) {
        roles.emplace(std::string(find_string(one, "name").value_or("")), property(one, "roleName"));
    }
    std::vector<std::string> ids;
    for (const auto& one : assignments) {
        const std::string id = property(one, "principalId");
        if (Guid::parse(id) && std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
    }
    const auto names = display_names(session, ids);
    for (auto& one : assignments) {
        if (!one.is_object()) continue;
        const std::string role = last_segment(property(one, "roleDefinitionId"));
        const auto role_name = roles.find(role);
        const auto name = names.find(property(one, "principalId"));
        one.get_object()["roleDefinitionName"] = role_name != roles.end() ? role_name->second : role;
        one.get_object()["principalName"] = name != names.end() ? name->second : "";
    }
    return {};
}

Result<Answer> list(Session& session, const Values& values) {
    auto wanted = selection(session, values);
    if (!wanted) return failure(std::move(wanted));
    auto assignments = select(session, *wanted);
    if (!assignments) return failure(std::move(assignments));
    if (auto named = add_names(session, wanted->scope, *assignments); !named) return failure(std::move(named));
    std::string note;
    if (assignments->empty() && !wanted->whole) {
        note = fmt::format("None at {}{}. --all looks below it, too.", spoken_scope(wanted->scope),
                           wanted->inherited ? " and above" : "");
    }
    return Answer{.document = std::move(*assignments), .note = std::move(note)};
}

// By ARM id, or by the GUID of one in the subscription.
Result<value> find_one(Session& session, const Values& values, const std::string& id) {
    if (id.starts_with('/')) {
        auto path = encode_path(id);
        if (!path) return failure(std::move(path));
        return session.arm("GET", *path);
    }
    auto scope = named_scope(session, values);
    if (!scope) return failure(std::move(scope));
    auto all = session.list_arm(*scope + assignments_at);
    if (!all) return failure(std::move(all));
    for (const auto& one : *all) {
        if (equals_ignoring_case(find_string(one, "name").value_or(""), id)) return one;
    }
    return failure(ErrorCode::not_found,
                   fmt::format("There is no role assignment '{}' at, above or below {}.", id, spoken_scope(*scope)));
}

Result<Answer> show(Session& session, const Values& values) {
    auto found = find_one(session, values, values.text("id"));
    if (!found) return failure(std::move(found));
    boost::json::array one = {std::move(*found)};
    const std::string scope = property(one.front(), "scope");
    auto path = encode_path(scope == "/" ? "" : scope);
    if (!path) return failure(std::move(path));
    if (auto named = add_names(session, *path, one); !named) return failure(std::move(named));
    return Answer{.document = std::move(one.front())};
}

Result<boost::json::array> to_delete(Session& session, const Values& values) {
    boost::json::array out;
    for (const std::string& id : values.list("ids")) {
        auto found = find_one(session, values, id);
        if (!found) return failure(std::move(found));
        out.push_back(std::move(*found));
    }
    if (values.given("ids")) return out;
    if (!values.given("assignee") && !values.given("role")) {
        return failure(ErrorCode::invalid_parameter, "Which assignments? Give --assignee, --role, or --ids.");
    }
    auto wanted = selection(session, values);
    if (!wanted) return failure(std::move(wanted));
    auto found = select(session, *wanted);
    if (found && found->empty()) {
        return failure(ErrorCode::not_found,
                       fmt::format("{} no assignment{} at exactly {}. 'berth role assignment list --all' shows what there is.",
                                   values.given("assignee") ? "'" + values.text("assignee") + "' has" : "There is",
                                   values.given("role") ? " of '" + values.text("role") + "'" : "",
                                   spoken_scope(wanted->scope)));
    }
    return found;
}

Result<Answer> remove(Session& session, const Values& values) {
    auto found = to_delete(session, values);
    if (!found) return failure(std::move(found));
    if (found->size() > 1) {
        auto sure = confirm(values, fmt::format("Delete {} role assignments?", found->size()));
        if (!sure) return failure(std::move(sure));
    }
    for (const auto& one : *found) {
        auto path = encode_path(find_string(one, "id").value_or(""));
        if (!path) return failure(std::move(path));
        auto gone = session.arm("DELETE", *path);
        if (!gone) return failure(std::move(gone));
    }
    if (found->size() == 1 && values.given("assignee") && values.given("role")) {
        return Answer{.note = fmt::format("'{}' no longer holds {} at {}; it counts from the next request.",
                                          values.text("assignee"), values.text("role"), property(found->front(), "scope"))};
    }
    return Answer{.note = fmt::format("{} role assignment{} deleted; it counts from the next request.", found->size(),
                                      found->size() == 1 ? "" : "s")};
}

} // namespace

std::vector<Command> role_assignment_commands() {
    const Argument assignee = {
        .name = "--assignee", .what = "User name, display name, client id or object id", .placeholder = "WHO"};
    Argument needed_assignee = assignee;
    needed_assignee.required = true;
    const Argument role = {.name = "--role", .what = "Name, GUID or ARM id of a role", .placeholder = "ROLE"};
    Argument needed_role = role;
    needed_role.required = true;
    const std::vector<Column> columns = {{"principal", "properties.principalId"}, {"name", "principalName"},
                                         {"type", "properties.principalType"},    {"role", "roleDefinitionName"},
                                         {"scope", "properties.scope"},           {"condition", "properties.condition"}};
    std::vector<Column> all_columns = columns;
    all_columns.push_back({"description", "properties.description"});
    all_columns.push_back({"id", "name"});
    return {
        {.path = "role assignment create",
         .summary = "Give somebody a role",
         .arguments = joined({needed_assignee,
                              needed_role,
                              {.name = "--condition", .what = "Condition, version 2.0; @FILE reads it from a file"},
                              {.name = "--description", .what = "Why"}},
                             scope_arguments()),
         .examples = {"berth role assignment create --assignee ci-puller --role AcrPull --registry berth",
                      "berth role assignment create --assignee developers --role Reader --resource-group berth",
                      "berth role assignment create --assignee ci-puller --role 'Container Registry Repository Reader' "
                      "--registry team2 --condition @only-team-a.txt"},
         .run = create},
        {.path = "role assignment list",
         .summary = "List who holds what",
         .arguments = joined(
             {assignee,
              role,
              {.name = "--all", .what = "At, above and below the scope", .kind = Argument::Kind::flag},
              {.name = "--include-inherited", .what = "Those above the scope, too", .kind = Argument::Kind::flag},
              {.name = "--include-groups", .what = "What the assignee's groups hold, too", .kind = Argument::Kind::flag}},
             scope_arguments()),
         .examples = {"berth role assignment list --all", "berth role assignment list --registry berth --include-inherited",
                      "berth role assignment list --assignee ci-puller --all --include-groups"},
         .columns = columns,
         .run = list},
        {.path = "role assignment show",
         .summary = "Show one role assignment",
         .arguments = joined({{.name = "id", .what = "Its GUID or ARM id", .required = true}}, scope_arguments()),
         .examples = {"berth role assignment show 11111111-2222-3333-4444-555555555555"},
         .columns = all_columns,
         .run = show},
        {.path = "role assignment delete",
         .summary = "Take a role away",
         .arguments = joined(
             {assignee,
              role,
              {.name = "--ids", .what = "GUIDs or ARM ids of assignments", .kind = Argument::Kind::list, .placeholder = "ID"}},
             scope_arguments()),
         .examples = {"berth role assignment delete --assignee ci-puller --role AcrPull --registry berth",
                      "berth role assignment delete --assignee ci-puller --yes"},
         .may_ask = true,
         .run = remove}};
}

} // namespace berth::app
