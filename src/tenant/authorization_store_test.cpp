#include "tenant/authorization_store.hpp"
#include "tenant/testing/tenant_database.hpp"
#include "tenant/testing/world_builder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace berth::tenant {
namespace {

using rbac::RoleAssignment;
using rbac::RoleDefinition;
using storage::Session;

class AuthorizationStore : public testing::Test {
protected:
    TenantDatabase database;
    const Guid tenant = database.first->tenant;
    const std::string subscription = "/subscriptions/" + database.first->subscription.value();

    RoleDefinition role(const std::string& name) const {
        return {.id = Guid::random(),
                .name = name,
                .built_in = false,
                .description = "what it is for",
                .permissions = {{.actions = {"Microsoft.ContainerRegistry/registries/importImage/action"},
                                 .not_actions = {"*/delete"},
                                 .data_actions = {"a/b/read"},
                                 .not_data_actions = {}}},
                .assignable_scopes = {WorldBuilder::scope(subscription)},
                .created_at = test_time,
                .created_by = "maker",
                .updated_at = test_time,
                .updated_by = "maker"};
    }
    RoleAssignment assignment(const std::string& scope, const Guid& role_id, const Guid& principal) const {
        return {.id = Guid::random(),
                .scope = WorldBuilder::scope(scope),
                .role_definition = role_id,
                .principal = principal,
                .principal_type = "ServicePrincipal",
                .condition = {},
                .description = std::nullopt,
                .created_at = test_time,
                .created_by = "maker",
                .updated_at = test_time,
                .updated_by = "maker"};
    }
    std::optional<ErrorCode> put(const RoleDefinition& value) {
        return code_of(database.write([&](Session& s) { return put_role_definition(s, tenant, value); }));
    }
    std::optional<ErrorCode> put(const RoleAssignment& value) {
        return code_of(database.write([&](Session& s) { return put_role_assignment(s, tenant, value); }));
    }
};

TEST_F(AuthorizationStore, RolesComeBackAsTheyWerePut) {
    const RoleDefinition put_role = role("AcrImport");
    ASSERT_EQ(put(put_role), std::nullopt);
    auto listed = database.read(list_role_definitions);
    ASSERT_EQ(listed->size(), 1U);
    const RoleDefinition& back = listed->front();
    EXPECT_EQ(back.id, put_role.id);
    EXPECT_EQ(back.name, "AcrImport");
    EXPECT_FALSE(back.built_in);
    EXPECT_EQ(back.description, put_role.description);
    ASSERT_EQ(back.permissions.size(), 1U);
    EXPECT_EQ(back.permissions[0].actions, put_role.permissions[0].actions);
    EXPECT_EQ(back.permissions[0].not_actions, put_role.permissions[0].not_actions);
    EXPECT_EQ(back.permissions[0].data_actions, put_role.permissions[0].data_actions);
    EXPECT_TRUE(back.permissions[0].not_data_actions.empty());
    EXPECT_EQ(back.assignable_scopes, put_role.assignable_scopes);
    EXPECT_EQ(back.created_at, test_time);

    RoleDefinition changed = put_role;
    changed.name = "AcrImport2";
    changed.created_by = changed.updated_by = "changer";
    changed.permissions.clear();
    ASSERT_EQ(put(changed), std::nullopt);
    listed = database.read(list_role_definitions);
    ASSERT_EQ(listed->size(), 1U);
    EXPECT_EQ(listed->front().name, "AcrImport2");
    EXPECT_EQ(listed->front().created_by, "maker");
    EXPECT_EQ(listed->front().updated_by, "changer");
    EXPECT_TRUE(listed->front().permissions.empty());
}

TEST_F(AuthorizationStore, RoleNamesAreUniqueInTheTenant) {
    ASSERT_EQ(put(role("AcrImport")), std::nullopt);
    EXPECT_EQ(put(role("acrimport")), ErrorCode::role_definition_name_exists);
    EXPECT_EQ(put(role("acrpull")), ErrorCode::role_definition_name_exists); // built in
    RoleDefinition other = role("Other");
    ASSERT_EQ(put(other), std::nullopt);
    other.name = "AcrImport";
    EXPECT_EQ(put(other), ErrorCode::role_definition_name_exists);
    RoleDefinition built_in = role("Mine");
    built_in.id = rbac::find_built_in_role(std::string_view("AcrPull"))->id;
    EXPECT_EQ(put(built_in), ErrorCode::conflict);
}

TEST_F(AuthorizationStore, RolesInUseStay) {
    const RoleDefinition used = role("AcrImport");
    ASSERT_EQ(put(used), std::nullopt);
    const RoleAssignment by = assignment(subscription, used.id, Guid::random());
    ASSERT_EQ(put(by), std::nullopt);
    const auto remove = [&] { return code_of(database.write([&](Session& s) { return delete_role_definition(s, used.id); })); };
    EXPECT_EQ(remove(), ErrorCode::role_definition_in_use);
    ASSERT_TRUE(database.write([&](Session& s) { return delete_role_assignment(s, by.id); }));
    EXPECT_EQ(remove(), std::nullopt);
    EXPECT_EQ(remove(), ErrorCode::role_definition_not_found);
}

TEST_F(AuthorizationStore, AssignmentsComeBackAsTheyWerePut) {
    RoleAssignment put_assignment = assignment(subscription + "/resourceGroups/Berth", Guid::random(), Guid::random());
    put_assignment.condition = rbac::Condition::never("a condition");
    put_assignment.description = "why";
    ASSERT_EQ(put(put_assignment), std::nullopt);
    auto listed = database.read(list_role_assignments);
    ASSERT_EQ(listed->size(), 2U); // and the Owner's
    const auto back = std::ranges::find(*listed, put_assignment.id, &RoleAssignment::id);
    ASSERT_NE(back, listed->end());
    EXPECT_EQ(back->scope.value(), put_assignment.scope.value()); // as it was written
    EXPECT_EQ(back->role_definition, put_assignment.role_definition);
    EXPECT_EQ(back->principal, put_assignment.principal);
    EXPECT_EQ(back->principal_type, "ServicePrincipal");
    ASSERT_TRUE(back->condition);
    EXPECT_EQ(back->condition->text(), "a condition");
    EXPECT_EQ(back->description, "why");
    EXPECT_EQ(back->updated_at, test_time);
}

TEST_F(AuthorizationStore, WhatAnAssignmentSaysCannotChange) {
    const RoleAssignment old = assignment(subscription, Guid::random(), Guid::random());
    ASSERT_EQ(put(old), std::nullopt);

    RoleAssignment described = old;
    described.description = "why";
    described.updated_by = "changer";
    EXPECT_EQ(put(described), std::nullopt);
    EXPECT_EQ(database.count("select count(*) from role_assignments where description = 'why' and created_by = 'maker' "
                             "and updated_by = 'changer'"),
              1);

    RoleAssignment changed = old;
    changed.principal = Guid::random();
    EXPECT_EQ(put(changed), ErrorCode::role_assignment_update_not_permitted);
    changed = old;
    changed.role_definition = Guid::random();
    EXPECT_EQ(put(changed), ErrorCode::role_assignment_update_not_permitted);
    changed = old;
    changed.scope = WorldBuilder::scope(subscription + "/resourceGroups/other");
    EXPECT_EQ(put(changed), ErrorCode::role_assignment_update_not_permitted);

    RoleAssignment again = old;
    again.id = Guid::random();
    again.scope = WorldBuilder::scope("/SUBSCRIPTIONS/" + database.first->subscription.value());
    auto refused = database.write([&](Session& s) { return put_role_assignment(s, tenant, again); });
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::role_assignment_exists);
    EXPECT_EQ(refused.error().detail, boost::json::value(old.id.value()));
    EXPECT_NE(refused.error().message.find("role assignment already exists"), std::string::npos); // what az looks for
}

TEST_F(AuthorizationStore, DeletingWhatIsNotThereIsNotFound) {
    EXPECT_EQ(code_of(database.write([&](Session& s) { return delete_role_assignment(s, Guid::random()); })),
              ErrorCode::not_found);
}

TEST_F(AuthorizationStore, AssignmentsAreLimitedPerSubscription) {
    const auto fill = [&](const std::string& scope, std::int64_t number) {
        return database.write([&](Session& s) -> Result<void> {
            for (std::int64_t i = 0; i < number; ++i) {
                const RoleAssignment one = assignment(scope, Guid::random(), Guid::random());
                if (auto added = put_role_assignment(s, tenant, one); !added) return added;
            }
            return {};
        });
    };
    // Another subscription's do not count, even where its id begins alike.
    ASSERT_TRUE(fill("/subscriptions/" + database.first->subscription.value() + "0", 5));
    const auto before = database.count("select count(*) from role_assignments") - 5;
    ASSERT_TRUE(fill(subscription + "/resourceGroups/g", max_role_assignments - before));
    EXPECT_EQ(put(assignment(subscription, Guid::random(), Guid::random())), ErrorCode::limit_exceeded);
    EXPECT_EQ(put(assignment("/", Guid::random(), Guid::random())), std::nullopt);
    ASSERT_TRUE(fill("/", max_role_assignments_above - 1));
    EXPECT_EQ(put(assignment("/", Guid::random(), Guid::random())), ErrorCode::limit_exceeded);
}

TEST_F(AuthorizationStore, CustomRolesAreLimitedPerTenant) {
    auto fill = database.write([&](Session& s) -> Result<void> {
        for (std::int64_t i = 0; i < max_role_definitions; ++i) {
            if (auto added = put_role_definition(s, tenant, role(fmt::format("Role {}", i))); !added) return added;
        }
        return {};
    });
    ASSERT_TRUE(fill);
    EXPECT_EQ(put(role("One more")), ErrorCode::limit_exceeded);
}

} // namespace
} // namespace berth::tenant
