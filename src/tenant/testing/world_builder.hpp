#pragma once

#include "tenant/world.hpp"

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace berth::tenant {

/// A world put together by hand, for tests and measurements: change what the test is about, then `build()`.
struct WorldBuilder {
    std::uint64_t version = 1;
    Guid tenant = Guid::random();
    Guid subscription = Guid::random();
    std::vector<Registry> registries{};
    std::vector<Principal> principals{};
    std::vector<RegistryToken> tokens{};
    std::vector<ManagementGroup> management_groups{};
    std::string management_group{}; ///< that the subscription is in; the root group if empty
    rbac::PolicyInput policy{};

    static rbac::Scope scope(const std::string& text) {
        auto parsed = rbac::Scope::parse(text);
        if (!parsed) std::abort();
        return *parsed;
    }

    /// Named `<name>.localhost:5443`, in the group `g`. Valid until the next one is added.
    Registry& add_registry(const std::string& name) {
        registries.push_back({.row = static_cast<std::int64_t>(registries.size()) + 1,
                              .id = Guid::random(),
                              .name = name,
                              .login_server = name + ".localhost:5443",
                              .scope = scope("/subscriptions/" + subscription.value() +
                                             "/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/" + name),
                              .subscription = subscription});
        return registries.back();
    }
    /// Valid until the next one is added, as all of these.
    Principal& add_service_principal(const std::string& name) {
        principals.push_back({.id = Guid::random(),
                              .kind = PrincipalKind::service_principal,
                              .display_name = name,
                              .application_id = Guid::random(),
                              .user_principal_name = std::nullopt});
        return principals.back();
    }
    Principal& add_user(const std::string& name) {
        principals.push_back({.id = Guid::random(),
                              .kind = PrincipalKind::user,
                              .display_name = name,
                              .application_id = std::nullopt,
                              .user_principal_name = name});
        return principals.back();
    }
    void assign(const Principal& principal, std::string_view role, const rbac::Scope& where) {
        const rbac::RoleDefinition* definition = rbac::find_built_in_role(role);
        if (definition == nullptr) std::abort();
        policy.assignments.push_back({.id = Guid::random(),
                                      .scope = where,
                                      .role_definition = definition->id,
                                      .principal = principal.id,
                                      .principal_type = std::string(to_string(principal.kind)),
                                      .condition = {},
                                      .description = std::nullopt,
                                      .created_at = {},
                                      .created_by = {},
                                      .updated_at = {},
                                      .updated_by = {}});
    }

    World build() const {
        return {version,
                tenant,
                "berth",
                {{subscription, "berth", management_group}},
                registries,
                principals,
                rbac::Policy::compile(policy),
                tokens,
                management_groups};
    }
};

} // namespace berth::tenant
