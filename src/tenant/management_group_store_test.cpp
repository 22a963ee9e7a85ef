#include "tenant/authorization_store.hpp"
#include "tenant/deny_assignment_store.hpp"
#include "tenant/management_group_store.hpp"
#include "tenant/tenancy.hpp"
#include "tenant/testing/tenant_database.hpp"
#include "tenant/testing/world_builder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace berth::tenant {
namespace {

using storage::Session;

class ManagementGroups : public testing::Test {
protected:
    TenantDatabase database;
    const Guid tenant = database.first->tenant;
    const Guid subscription = database.first->subscription;

    Result<bool> put(const std::string& name, const std::string& parent, const std::string& display_name = "Team") {
        const ManagementGroupWrite group{name, display_name, parent, "someone", test_time};
        return database.write([&](Session& s) { return put_management_group(s, tenant, group); });
    }
    Result<void> remove(const std::string& name) {
        return database.write([&](Session& s) { return delete_management_group(s, tenant, name); });
    }
    Result<void> move(const std::string& group) {
        return database.write([&](Session& s) { return move_subscription(s, tenant, subscription, group); });
    }
    std::shared_ptr<const World> world() {
        Tenancy tenancy(*database, {});
        EXPECT_TRUE(sync_wait(tenancy.refresh()));
        return tenancy.world();
    }
};

TEST_F(ManagementGroups, TheRootGroupIsAlwaysThere) {
    const auto before = world();
    ASSERT_EQ(before->management_groups().size(), 1U);
    const ManagementGroup& root = before->management_groups().front();
    EXPECT_EQ(root.name, tenant.value());
    EXPECT_EQ(root.display_name, "Tenant Root Group");
    EXPECT_EQ(root.parent, std::nullopt);
    EXPECT_EQ(before->find_subscription(subscription.value())->management_group, tenant.value());
    EXPECT_EQ(code_of(remove(tenant.value())), ErrorCode::conflict);
    // It can be renamed, not moved.
    ASSERT_TRUE(put("team", tenant.value()));
    const auto renamed = put(tenant.value(), "team", "Everything");
    ASSERT_TRUE(renamed);
    EXPECT_FALSE(*renamed);
    EXPECT_EQ(world()->find_management_group(tenant.value())->display_name, "Everything");
    EXPECT_EQ(world()->find_management_group(tenant.value())->parent, std::nullopt);
}

TEST_F(ManagementGroups, AreNestedAndHoldSubscriptions) {
    ASSERT_EQ(put("Team", tenant.value()).value_or(false), true);
    ASSERT_EQ(put("images", "TEAM").value_or(false), true);
    ASSERT_EQ(put("IMAGES", "team", "Renamed").value_or(true), false);
    ASSERT_TRUE(move("Images"));
    const auto now = world();
    const auto* images = now->find_management_group("Images");
    ASSERT_NE(images, nullptr);
    EXPECT_EQ(images->name, "images") << "as it was first written";
    EXPECT_EQ(images->display_name, "Renamed");
    EXPECT_EQ(images->parent, "Team");
    EXPECT_EQ(images->scope.value(), "/providers/Microsoft.Management/managementGroups/images");
    EXPECT_EQ(now->find_subscription(subscription.value())->management_group, "images");

    // What is assigned at the upper group counts in the subscription.
    auto user = database.write([&](Session& s) { return create_user(s, tenant, "Ada", "ada@x", test_time); });
    const rbac::RoleAssignment reader{.id = Guid::random(),
                                      .scope = management_group_scope("team"),
                                      .role_definition = rbac::find_built_in_role(std::string_view("Reader"))->id,
                                      .principal = user->id,
                                      .principal_type = "User",
                                      .condition = {},
                                      .description = {},
                                      .created_at = test_time,
                                      .created_by = {},
                                      .updated_at = test_time,
                                      .updated_by = {}};
    ASSERT_TRUE(database.write([&](Session& s) { return put_role_assignment(s, tenant, reader); }));
    const auto read = rbac::Operation::known("Microsoft.ContainerRegistry/registries/read");
    const auto& registry = database.first->registry->scope;
    EXPECT_TRUE(world()->policy->decide(user->id, read, registry).allowed);
    ASSERT_TRUE(move(tenant.value()));
    EXPECT_FALSE(world()->policy->decide(user->id, read, registry).allowed);
}

TEST_F(ManagementGroups, RefusesWhatAzureRefuses) {
    EXPECT_EQ(code_of(put("team", "nowhere")), ErrorCode::not_found);
    for (const std::string& name : {std::string(), std::string("a b"), std::string("a/b"), std::string("a."), std::string(".."),
                                    std::string(91, 'a'), std::string("\xc3\xa4")}) {
        EXPECT_EQ(code_of(put(name, tenant.value())), ErrorCode::invalid_parameter) << name;
    }
    ASSERT_TRUE(put(std::string(90, 'a'), tenant.value()));

    // Six levels under the root group.
    std::string parent = tenant.value();
    for (int level = 1; level <= 6; ++level) {
        ASSERT_TRUE(put(fmt::format("l{}", level), parent)) << level;
        parent = fmt::format("l{}", level);
    }
    EXPECT_EQ(code_of(put("l7", "l6")), ErrorCode::invalid_parameter);
    // Nor by moving what carries levels of its own.
    ASSERT_TRUE(put("top", tenant.value()));
    ASSERT_TRUE(put("below", "top"));
    EXPECT_EQ(code_of(put("top", "l5")), ErrorCode::invalid_parameter);
    EXPECT_TRUE(put("top", "l4"));

    // No circles.
    EXPECT_EQ(code_of(put("l1", "l1")), ErrorCode::invalid_parameter);
    EXPECT_EQ(code_of(put("l1", "l3")), ErrorCode::invalid_parameter);
    EXPECT_EQ(world()->find_management_group("l1")->parent, tenant.value());

    EXPECT_EQ(code_of(move("nowhere")), ErrorCode::not_found);
    EXPECT_EQ(code_of(database.write([&](Session& s) { return move_subscription(s, tenant, Guid::random(), "l1"); })),
              ErrorCode::subscription_not_found);
}

TEST_F(ManagementGroups, AreDeletedOnlyWhenEmptyAndLeaveNothingBehind) {
    ASSERT_TRUE(put("team", tenant.value()));
    ASSERT_TRUE(put("images", "team"));
    ASSERT_TRUE(move("images"));
    EXPECT_EQ(code_of(remove("team")), ErrorCode::in_use);
    EXPECT_EQ(code_of(remove("images")), ErrorCode::in_use);
    EXPECT_EQ(code_of(remove("nowhere")), ErrorCode::not_found);
    ASSERT_TRUE(move("team"));
    const rbac::DenyAssignment deny{
        .id = Guid::random(),
        .name = "no",
        .description = {},
        .permissions = {{.actions = {"*/delete"}, .not_actions = {}, .data_actions = {}, .not_data_actions = {}}},
        .scope = management_group_scope("Images"),
        .principals = {{Guid::random(), "User"}},
        .excluded_principals = {},
        .created_at = test_time,
        .created_by = {},
        .updated_at = test_time,
        .updated_by = {}};
    ASSERT_TRUE(database.write([&](Session& s) { return put_deny_assignment(s, tenant, deny); }));
    EXPECT_EQ(database.count("select count(*) from deny_assignments"), 1);
    ASSERT_TRUE(remove("IMAGES"));
    EXPECT_EQ(database.count("select count(*) from deny_assignments"), 0);
    EXPECT_EQ(world()->find_management_group("images"), nullptr);
}

} // namespace
} // namespace berth::tenant
