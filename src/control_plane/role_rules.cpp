#include "control_plane/role_rules.hpp"

#include "base/encoding.hpp"
#include "control_plane/authorization_ids.hpp"
#include "control_plane/errors.hpp"
#include "rbac/operation.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace berth::control_plane {
namespace {

using rbac::Operation;
using rbac::Permission;

struct List {
    std::vector<std::string> Permission::* patterns;
    bool is_data_action;
};
constexpr List lists[] = {{&Permission::actions, false},
                          {&Permission::not_actions, false},
                          {&Permission::data_actions, true},
                          {&Permission::not_data_actions, true}};

std::unexpected<Error> unknown_operation(std::string_view pattern, bool is_data_action) {
    if (is_data_action) {
        return arm_failure(ErrorCode::invalid_parameter, "InvalidDataActionOrNotDataAction",
                           fmt::format("'{}' does not match any of the data actions supported by the providers.", pattern));
    }
    return arm_failure(ErrorCode::invalid_parameter, "InvalidActionOrNotAction",
                       fmt::format("'{}' does not match any of the actions supported by the providers.", pattern));
}

bool has_data_actions(const rbac::RoleDefinition& role) {
    return std::ranges::any_of(role.permissions, [](const Permission& permission) {
        return !permission.data_actions.empty() || !permission.not_data_actions.empty();
    });
}

} // namespace

bool is_known_pattern(std::string_view pattern, bool is_data_action) {
    const std::size_t slash = pattern.find('/');
    const std::string_view provider = pattern.substr(0, slash);
    if (provider.contains('*')) return true; // of every provider, those that berth lacks among them
    if (slash == std::string_view::npos) return false;
    bool has_provider = false;
    for (std::size_t i = 0; i < Operation::count(); ++i) {
        const Operation operation = Operation::at(i);
        const std::string_view name = operation.name();
        if (!equals_ignoring_case(name.substr(0, name.find('/')), provider)) continue;
        has_provider = true;
        if (operation.is_data_action() == is_data_action && rbac::matches_operation(pattern, operation)) return true;
    }
    // Of these berth has a part only, and custom roles rightly name the rest.
    const bool is_partly_known = equals_ignoring_case(provider, "Microsoft.Features") ||
                                 equals_ignoring_case(provider, "Microsoft.Insights") ||
                                 equals_ignoring_case(provider, "Microsoft.ManagedIdentity");
    return !has_provider || (is_partly_known && !is_data_action);
}

Result<void> check_known_operations(const rbac::RoleDefinition& role) {
    for (const Permission& permission : role.permissions) {
        for (const List& list : lists) {
            for (const std::string& pattern : permission.*(list.patterns)) {
                if (!is_known_pattern(pattern, list.is_data_action)) return unknown_operation(pattern, list.is_data_action);
            }
        }
    }
    return {};
}

Result<void> check_assignable_scopes(const tenant::World& world, const rbac::RoleDefinition& role) {
    std::size_t groups = 0;
    for (const rbac::Scope& scope : role.assignable_scopes) {
        if (scope.kind() == rbac::ScopeKind::management_group) {
            if (++groups > 1) {
                return arm_failure(ErrorCode::invalid_parameter, "InvalidAssignableScopes",
                                   "A custom role can have one management group at most in 'assignableScopes'. Name a "
                                   "management group above all of them, or make one role for each.");
            }
            if (has_data_actions(role)) {
                return arm_failure(ErrorCode::invalid_parameter, "InvalidAssignableScopes",
                                   "A custom role with data actions cannot have a management group in 'assignableScopes'. "
                                   "Name the subscriptions instead.");
            }
            if (management_group_of(world, scope) != nullptr) continue;
            return arm_failure(ErrorCode::invalid_parameter, "InvalidAssignableScopes",
                               fmt::format("The management group of '{}' in 'assignableScopes' does not exist in this "
                                           "tenant.",
                                           scope.value()));
        }
        if (subscription_of(world, scope) != nullptr) continue;
        return arm_failure(ErrorCode::invalid_parameter, "InvalidAssignableScopes",
                           fmt::format("'{}' in 'assignableScopes' lies in no subscription of this tenant.", scope.value()));
    }
    return {};
}

} // namespace berth::control_plane
