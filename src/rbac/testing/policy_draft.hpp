#pragma once

#include "rbac/policy.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth::rbac::testing {

/// A GUID that a reader can tell from another.
inline Guid id(std::size_t number) { return *Guid::parse(fmt::format("00000000-0000-4000-8000-{:012}", number)); }
inline Scope scope(std::string_view text) { return *Scope::parse(text); }
inline Scope management_group(std::string_view name) {
    return scope(fmt::format("/providers/Microsoft.Management/managementGroups/{}", name));
}
inline Guid built_in(std::string_view role) { return find_built_in_role(role)->id; }
inline Operation registry(std::string_view name) {
    return Operation::known(fmt::format("Microsoft.ContainerRegistry/registries/{}", name));
}
inline Operation registry_data(std::string_view name) {
    return Operation::known(fmt::format("Microsoft.ContainerRegistry/registries/{}", name), true);
}
/// A condition that must be right.
inline ConditionPointer condition(std::string_view text) {
    auto parsed = Condition::parse(text);
    if (!parsed) std::abort();
    return *parsed;
}

constexpr auto group_scope = "/subscriptions/s1/resourceGroups/rg1";
constexpr auto registry_scope = "/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.ContainerRegistry/registries/one";
constexpr auto other_registry = "/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.ContainerRegistry/registries/two";

inline const Guid alice = id(1);
inline const Guid bob = id(2);
inline const Guid team = id(11);
inline const Guid department = id(12);
inline const Guid company = id(13);
inline const DeniedPrincipal everyone{*Guid::parse("00000000-0000-0000-0000-000000000000"), "SystemDefined"};

/// A policy written down step by step.
class PolicyDraft {
public:
    PolicyDraft& assign(const Guid& principal, const Guid& role, const Scope& at) {
        const auto number = 1000 + input.assignments.size();
        input.assignments.push_back({.id = id(number),
                                     .scope = at,
                                     .role_definition = role,
                                     .principal = principal,
                                     .principal_type = "User",
                                     .condition = {},
                                     .description = {},
                                     .created_at = {},
                                     .created_by = {},
                                     .updated_at = {},
                                     .updated_by = {}});
        return *this;
    }
    PolicyDraft& assign(const Guid& principal, const Guid& role, std::string_view at) {
        return assign(principal, role, scope(at));
    }
    PolicyDraft& assign(const Guid& principal, std::string_view role, std::string_view at) {
        return assign(principal, built_in(role), scope(at));
    }
    /// The assignment that was made last.
    PolicyDraft& under(ConditionPointer given) {
        input.assignments.edit(input.assignments.size() - 1, [&](RoleAssignment& last) { last.condition = std::move(given); });
        return *this;
    }
    PolicyDraft& member(const Guid& group, const Guid& member) {
        input.memberships.push_back({group, member});
        return *this;
    }
    PolicyDraft& role(const Guid& role_id, std::vector<Permission> permissions) {
        input.custom_roles.push_back({.id = role_id,
                                      .name = "custom",
                                      .built_in = false,
                                      .description = {},
                                      .permissions = std::move(permissions),
                                      .assignable_scopes = {},
                                      .created_at = {},
                                      .created_by = {},
                                      .updated_at = {},
                                      .updated_by = {}});
        return *this;
    }
    PolicyDraft& deny(std::vector<DeniedPrincipal> principals, std::vector<std::string> actions, const Scope& at) {
        const auto number = 3000 + input.deny_assignments.size();
        input.deny_assignments.push_back(
            {.id = id(number),
             .name = fmt::format("deny {}", number),
             .description = {},
             .permissions = {{.actions = std::move(actions), .not_actions = {}, .data_actions = {}, .not_data_actions = {}}},
             .scope = at,
             .principals = std::move(principals),
             .excluded_principals = {},
             .created_by = {},
             .updated_by = {}});
        return *this;
    }
    PolicyDraft& deny(std::vector<DeniedPrincipal> principals, std::vector<std::string> actions, std::string_view at) {
        return deny(std::move(principals), std::move(actions), scope(at));
    }
    /// The deny assignment that was made last.
    template <class Change>
    PolicyDraft& but(Change change) {
        input.deny_assignments.edit(input.deny_assignments.size() - 1, change);
        return *this;
    }
    PolicyDraft& lies_in(const Scope& member, const Scope& group) {
        input.management_groups.push_back({member, group});
        return *this;
    }
    std::shared_ptr<const Policy> compile() const { return Policy::compile(input); }

    PolicyInput input;
};

inline bool allows(const Policy& policy, const Guid& principal, Operation operation, std::string_view at,
                   const Attributes& attributes = {}) {
    return policy.decide(principal, operation, scope(at), attributes).allowed;
}

inline std::vector<Verdict> verdicts(const Explanation& explanation) {
    std::vector<Verdict> out;
    for (const auto& each : explanation.considered) out.push_back(each.verdict);
    return out;
}

inline std::vector<DenyVerdict> deny_verdicts(const Explanation& explanation) {
    std::vector<DenyVerdict> out;
    for (const auto& each : explanation.denials) out.push_back(each.verdict);
    return out;
}

} // namespace berth::rbac::testing
