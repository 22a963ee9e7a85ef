#include "control_plane/role_rules.hpp"

#include "rbac/operation.hpp"
#include "tenant/testing/world_builder.hpp"

#include <gtest/gtest.h>

namespace berth::control_plane {
namespace {

TEST(RoleRules, EveryOperationIsKnownInItsOwnListOnly) {
    for (std::size_t i = 0; i < rbac::Operation::count(); ++i) {
        const auto operation = rbac::Operation::at(i);
        EXPECT_TRUE(is_known_pattern(operation.name(), operation.is_data_action())) << operation.name();
        const bool both = rbac::Operation::find(operation.name(), !operation.is_data_action()).has_value();
        EXPECT_EQ(is_known_pattern(operation.name(), !operation.is_data_action()), both) << operation.name();
    }
}

TEST(RoleRules, ABuiltInRoleCouldBeCopied) {
    for (const rbac::RoleDefinition& role : rbac::built_in_roles()) {
        const auto known = check_known_operations(role);
        EXPECT_TRUE(known) << role.name << ": " << known.error().message;
    }
}

TEST(RoleRules, PatternsAreCheckedWhereTheProviderIsKnown) {
    struct Case {
        std::string_view pattern;
        bool is_data_action;
        bool known;
    };
    const Case cases[] = {
        {"*", false, true},
        {"*", true, true},
        {"*/read", false, true},
        {"Microsoft.*/read", false, true},
        {"Microsoft.ContainerRegistry/*", false, true},
        {"microsoft.containerregistry/REGISTRIES/pull/READ", false, true},
        {"Microsoft.ContainerRegistry/registries/p*", false, true},
        {"Microsoft.ContainerRegistry/registries/pull/write", false, false},
        {"Microsoft.ContainerRegistry/registries/pull", false, false},
        {"Microsoft.ContainerRegistry/registries/pull/read/x", false, false},
        {"Microsoft.ContainerRegistry/registries/x*", false, false},
        {"Microsoft.ContainerRegistry/registries/pull/read", true, false},
        {"Microsoft.ContainerRegistry/registries/repositories/content/read", true, true},
        {"Microsoft.ContainerRegistry/registries/repositories/content/read", false, false},
        {"Microsoft.Authorization/locks/write", false, true},
        {"Microsoft.Authorization/lock/write", false, false},
        {"Microsoft.Resources/tags/*", false, true},
        {"Microsoft.Management/*", true, false},
        {"Microsoft.Compute/virtualMachines/anything/action", false, true}, // a provider berth lacks
        {"Microsoft.Compute/virtualMachines/login/action", true, true},
        {"Microsoft.ContainerRegistr/registries/read", false, true},
        {"read", false, false},
        {"Microsoft.ContainerRegistry", false, false},
    };
    for (const Case& c : cases) EXPECT_EQ(is_known_pattern(c.pattern, c.is_data_action), c.known) << c.pattern;
}

rbac::RoleDefinition role_with(rbac::Permission permission, std::vector<rbac::Scope> scopes) {
    return {.id = Guid::random(),
            .name = "r",
            .built_in = false,
            .description = {},
            .permissions = {std::move(permission)},
            .assignable_scopes = std::move(scopes),
            .created_at = {},
            .created_by = {},
            .updated_at = {},
            .updated_by = {}};
}

TEST(RoleRules, TheFirstUnknownOperationIsNamed) {
    const auto refusal = [](rbac::Permission permission) {
        return check_known_operations(role_with(std::move(permission), {})).error();
    };
    const auto action = refusal({.actions = {"*"},
                                 .not_actions = {"Microsoft.Authorization/nothing/write"},
                                 .data_actions = {},
                                 .not_data_actions = {}});
    EXPECT_EQ(action.protocol_code, "InvalidActionOrNotAction");
    EXPECT_EQ(action.message,
              "'Microsoft.Authorization/nothing/write' does not match any of the actions supported by the providers.");
    const auto data = refusal({.actions = {},
                               .not_actions = {},
                               .data_actions = {"Microsoft.ContainerRegistry/registries/pull/read"},
                               .not_data_actions = {}});
    EXPECT_EQ(data.protocol_code, "InvalidDataActionOrNotDataAction");
}

TEST(RoleRules, AssignableScopesLieInTheTenant) {
    tenant::WorldBuilder builder;
    const auto group = [](std::string_view name) { return tenant::management_group_scope(name); };
    builder.management_groups.push_back(
        {.name = "m", .display_name = "M", .parent = builder.tenant.value(), .scope = group("m")});
    builder.management_groups.push_back(
        {.name = "n", .display_name = "N", .parent = builder.tenant.value(), .scope = group("n")});
    const tenant::World world = builder.build();
    const rbac::Scope mine = tenant::WorldBuilder::scope("/subscriptions/" + builder.subscription.value());
    const rbac::Scope other = tenant::WorldBuilder::scope("/subscriptions/" + Guid::random().value());
    const rbac::Permission reads{.actions = {"*/read"}, .not_actions = {}, .data_actions = {}, .not_data_actions = {}};
    rbac::Permission reads_data = reads;
    reads_data.data_actions = {"*"};
    const auto allowed = [&](const rbac::Permission& permission, std::vector<rbac::Scope> scopes) {
        return check_assignable_scopes(world, role_with(permission, std::move(scopes))).has_value();
    };
    EXPECT_TRUE(allowed(reads, {mine}));
    EXPECT_TRUE(allowed(reads, {mine, group("m")}));
    EXPECT_TRUE(allowed(reads_data, {mine}));
    EXPECT_FALSE(allowed(reads, {other}));
    EXPECT_FALSE(allowed(reads, {mine, other}));
    EXPECT_FALSE(allowed(reads, {group("m"), group("n")}));
    EXPECT_FALSE(allowed(reads, {group("nothing")}));
    EXPECT_FALSE(allowed(reads_data, {mine, group("m")}));
}

} // namespace
} // namespace berth::control_plane
