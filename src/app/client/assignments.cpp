#include "app/client/assignments.hpp"

#include "base/encoding.hpp"
#include "base/guid.hpp"
#include "base/percent.hpp"
#include "base/strict_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace berth::app {
namespace {

const std::string authorization = "/providers/Microsoft.Authorization/";

// A string literal of OData: quotes are doubled.
std::string odata_text(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'') out += '\'';
        out += c;
    }
    return out + "'";
}

boost::json::array values(const boost::json::value& list) {
    const auto* items = find_member(list, "value");
    return items != nullptr && items->is_array() ? items->get_array() : boost::json::array{};
}

Result<std::optional<std::string>> find_one(Session& session, const std::string& path, const std::string& what) {
    auto found = session.graph("GET", path);
    if (!found) return failure(std::move(found));
    const auto items = values(*found);
    if (items.size() > 1) {
        return failure(ErrorCode::conflict,
                       fmt::format("{} principals are called {}; name it by its client id or object id.", items.size(), what));
    }
    if (items.empty()) return std::nullopt;
    return std::string(find_string(items.front(), "id").value_or(""));
}

} // namespace

Result<std::string> resolve_scope(Session& session, const std::string& scope, const std::string& registry) {
    if (!scope.empty()) return scope;
    const std::string subscription = "/subscriptions/" + session.profile().subscription;
    if (registry.empty()) return subscription;
    auto found = session.arm("GET", subscription + "/providers/Microsoft.ContainerRegistry/registries");
    if (!found) return failure(std::move(found));
    for (const auto& item : values(*found)) {
        if (equals_ignoring_case(find_string(item, "name").value_or(""), registry)) {
            return std::string(find_string(item, "id").value_or(""));
        }
    }
    return failure(ErrorCode::not_found, fmt::format("There is no registry '{}' that you may read.", registry));
}

Result<std::string> resolve_principal(Session& session, const std::string& name) {
    const auto guid = Guid::parse(name);
    std::vector<std::string> paths;
    if (guid) {
        paths.push_back("/servicePrincipals?$filter=" + percent_encode("appId eq " + odata_text(name)));
    } else {
        paths.push_back("/users?$filter=" + percent_encode("userPrincipalName eq " + odata_text(name)));
        paths.push_back("/servicePrincipals?$filter=" + percent_encode("displayName eq " + odata_text(name)));
        paths.push_back("/groups?$filter=" + percent_encode("displayName eq " + odata_text(name)));
    }
    for (const auto& path : paths) {
        auto found = find_one(session, path, "'" + name + "'");
        // Who may not read the directory can still name a principal by its object id.
        if (!found && guid && found.error().code == ErrorCode::forbidden) break;
        if (!found) return failure(std::move(found));
        if (*found) return **found;
    }
    if (guid) return guid->value();
    return failure(ErrorCode::not_found, fmt::format("There is no principal called '{}'.", name));
}

Result<std::string> resolve_role(Session& session, const std::string& scope, const std::string& role) {
    if (const auto guid = Guid::parse(role)) return authorization + "roleDefinitions/" + guid->value();
    auto found = session.arm("GET", scope + authorization +
                                        "roleDefinitions?$filter=" + percent_encode("roleName eq " + odata_text(role)));
    if (!found) return failure(std::move(found));
    const auto items = values(*found);
    if (items.empty()) return failure(ErrorCode::not_found, fmt::format("There is no role called '{}'.", role));
    return std::string(find_string(items.front(), "id").value_or(""));
}

Result<boost::json::value> create_assignment(Session& session, const std::string& scope, const std::string& role,
                                             const std::string& assignee) {
    auto principal = resolve_principal(session, assignee);
    if (!principal) return failure(std::move(principal));
    auto definition = resolve_role(session, scope, role);
    if (!definition) return failure(std::move(definition));
    return session.arm("PUT", scope + authorization + "roleAssignments/" + Guid::random().value(),
                       boost::json::object{{"properties", boost::json::object{{"roleDefinitionId", *definition},
                                                                              {"principalId", *principal}}}});
}

Result<boost::json::array> list_assignments(Session& session, const std::string& scope, const std::string& assignee) {
    std::string path = scope + authorization + "roleAssignments";
    if (!assignee.empty()) {
        auto principal = resolve_principal(session, assignee);
        if (!principal) return failure(std::move(principal));
        path += "?$filter=" + percent_encode("principalId eq " + odata_text(*principal));
    }
    auto found = session.arm("GET", path);
    if (!found) return failure(std::move(found));
    return values(*found);
}

Result<std::size_t> delete_assignments(Session& session, const std::string& scope, const std::string& role,
                                       const std::string& assignee) {
    auto definition = resolve_role(session, scope, role);
    if (!definition) return failure(std::move(definition));
    const std::string_view role_guid = std::string_view(*definition).substr(definition->rfind('/') + 1);
    auto assignments = list_assignments(session, scope, assignee);
    if (!assignments) return failure(std::move(assignments));
    std::size_t deleted = 0;
    for (const auto& item : *assignments) {
        const auto* properties = find_member(item, "properties");
        if (properties == nullptr) continue;
        const auto at = find_string(*properties, "scope").value_or("");
        const auto definition_id = find_string(*properties, "roleDefinitionId").value_or("");
        if (!equals_ignoring_case(at, scope) || !definition_id.ends_with(role_guid)) continue;
        auto gone = session.arm("DELETE", std::string(find_string(item, "id").value_or("")));
        if (!gone) return failure(std::move(gone));
        ++deleted;
    }
    if (deleted == 0) {
        return failure(ErrorCode::not_found,
                       fmt::format("'{}' has no assignment of '{}' at exactly {}.", assignee, role, scope));
    }
    return deleted;
}

} // namespace berth::app
