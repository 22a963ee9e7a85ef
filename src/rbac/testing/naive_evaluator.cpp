#include "rbac/testing/naive_evaluator.hpp"

#include <algorithm>
#include <vector>

namespace berth::rbac::testing {
namespace {

// What Azure's Managed Identity Operator is about: `userAssignedIdentities/*/assign/action`, and the same to read.
std::string with_identity_named(const std::string& action) {
    const std::string type = "microsoft.managedidentity/userassignedidentities";
    if (action == type + "/read" || action == type + "/assign/action") return type + "/{name}" + action.substr(type.size());
    return action;
}

bool any_matches(const std::vector<std::string>& patterns, const std::string& action) {
    const auto text = folded(action);
    const auto named = with_identity_named(text);
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        return wild(folded(pattern).c_str(), text.c_str()) || wild(folded(pattern).c_str(), named.c_str());
    });
}

bool matches(const Permission& permission, const NaiveRequest& request) {
    const auto& included = request.is_data_action ? permission.data_actions : permission.actions;
    const auto& excluded = request.is_data_action ? permission.not_data_actions : permission.not_actions;
    return any_matches(included, request.action) && !any_matches(excluded, request.action);
}

// In lower case, `/` as nothing, so that whatever lies below begins with this and a slash.
std::string path(const std::string& scope) { return scope == "/" ? "" : folded(scope); }

bool is_above(const std::string& upper, const std::string& lower) {
    return lower.size() > upper.size() && lower[upper.size()] == '/' && lower.compare(0, upper.size(), upper) == 0;
}

// The first `count` segments of a path that has as many.
std::string beginning(const std::string& path, int count) {
    std::size_t end = 0;
    while (count-- > 0 && end < path.size()) end = std::min(path.find('/', end + 1), path.size());
    return path.substr(0, end);
}

} // namespace

bool NaiveEvaluator::covers(const std::string& above, const std::string& below) const {
    const auto upper = path(above);
    auto lower = path(below);
    if (upper == lower || is_above(upper, lower)) return true;
    // What is below may lie in a management group, that one in another, and so on.
    const std::string groups = "/providers/microsoft.management/managementgroups";
    if (!is_above(groups, upper)) return false;
    if (is_above("/subscriptions", lower)) {
        lower = beginning(lower, 2);
    } else if (is_above(groups, lower)) {
        lower = beginning(lower, 4);
    } else {
        return false;
    }
    std::set<std::string> been;
    while (been.insert(lower).second) {
        if (lower == upper) return true;
        for (const auto& membership : input_.management_groups) {
            if (path(membership.member.value()) != lower) continue;
            lower = path(membership.group.value());
            break;
        }
    }
    return false;
}

std::set<std::string> NaiveEvaluator::identities(const NaiveRequest& request) const {
    std::set<std::string> out{request.principal};
    for (std::size_t before = 0; before != out.size();) {
        before = out.size();
        for (const auto& membership : input_.memberships) {
            const auto& member = membership.member.value();
            if (out.contains(member) || request.links.contains(member)) out.insert(membership.group.value());
        }
    }
    return out;
}

bool NaiveEvaluator::holds(const ConditionPointer& condition, const NaiveRequest& request) const {
    if (!condition) return true;
    if (request.conditions_hold) return *request.conditions_hold;
    auto found = conditions_.find(condition->text());
    return found != conditions_.end() && found->second.holds(request.action, request.attributes);
}

bool NaiveEvaluator::grants(const RoleAssignment& assignment, const NaiveRequest& request) const {
    if (!covers(assignment.scope.value(), request.scope)) return false;
    auto role_grants = [&](const RoleDefinition& role) {
        for (const auto& permission : role.permissions) {
            if (matches(permission, request) && holds(permission.condition, request) && holds(assignment.condition, request)) {
                return true;
            }
        }
        return false;
    };
    // Ids are unique, and a built-in role's cannot be taken.
    for (const auto& role : built_in_roles()) {
        if (role.id == assignment.role_definition) return role_grants(role);
    }
    for (const auto& role : input_.custom_roles) {
        if (role.id == assignment.role_definition) return role_grants(role);
    }
    return false;
}

bool NaiveEvaluator::names(const DenyAssignment& deny, const NaiveRequest& request) const {
    const auto ids = identities(request);
    for (const auto& principal : deny.principals) {
        if (ids.contains(principal.id.value())) return true;
        if (principal.id.value() == "00000000-0000-0000-0000-000000000000" && principal.type == "SystemDefined") return true;
    }
    return false;
}

bool NaiveEvaluator::denies(const DenyAssignment& deny, const NaiveRequest& request) const {
    if (!covers(deny.scope.value(), request.scope)) return false;
    if (deny.does_not_apply_to_child_scopes && path(deny.scope.value()) != path(request.scope)) return false;
    if (!names(deny, request)) return false;
    const auto ids = identities(request);
    for (const auto& principal : deny.excluded_principals) {
        if (ids.contains(principal.id.value())) return false;
    }
    for (const auto& permission : deny.permissions) {
        if (matches(permission, request)) return true;
    }
    return false;
}

bool NaiveEvaluator::allows(const NaiveRequest& request) const {
    for (const auto& deny : input_.deny_assignments) {
        if (denies(deny, request)) return false;
    }
    const auto ids = identities(request);
    for (const auto& assignment : input_.assignments) {
        if (ids.contains(assignment.principal.value()) && grants(assignment, request)) return true;
    }
    return false;
}

} // namespace berth::rbac::testing
