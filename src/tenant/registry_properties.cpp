#include "tenant/registry_properties.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"

namespace berth::tenant {

RoleAssignmentMode role_assignment_mode_of(const boost::json::value& properties) {
    const auto mode = find_string(properties, "roleAssignmentMode").value_or("");
    return equals_ignoring_case(mode, "AbacRepositoryPermissions") ? RoleAssignmentMode::repository_permissions
                                                                   : RoleAssignmentMode::registry_permissions;
}

bool export_allowed_by(const boost::json::value& properties) {
    const auto* policies = find_member(properties, "policies");
    const auto* policy = policies != nullptr ? find_member(*policies, "exportPolicy") : nullptr;
    return policy == nullptr || !equals_ignoring_case(find_string(*policy, "status").value_or("enabled"), "disabled");
}

namespace {

// `networkRuleBypassOptions`: whether Azure's own services, imports of other registries among them, pass network rules.
bool imports_pass(const NetworkRules& rules, const boost::json::value& properties) {
    if (rules.public_access && rules.allowed_by_default) return true;
    return !equals_ignoring_case(find_string(properties, "networkRuleBypassOptions").value_or("AzureServices"), "None");
}

} // namespace

void apply_properties(Registry& registry, const boost::json::value& properties) {
    registry.admin_user_enabled = find_bool(properties, "adminUserEnabled").value_or(false);
    registry.anonymous_pull_enabled = find_bool(properties, "anonymousPullEnabled").value_or(false);
    registry.mode = role_assignment_mode_of(properties);
    registry.network = network_rules_of(properties);
    registry.export_allowed = export_allowed_by(properties) && imports_pass(registry.network, properties);
    if (const auto* policies = find_member(properties, "policies")) {
        if (const auto* policy = find_member(*policies, "azureADAuthenticationAsArmPolicy")) {
            registry.arm_tokens_accepted =
                !equals_ignoring_case(find_string(*policy, "status").value_or("enabled"), "disabled");
        }
    }
}

} // namespace berth::tenant
