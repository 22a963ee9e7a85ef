#include "tenant/deny_assignment_store.hpp"
#include "tenant/resource_store.hpp"
#include "tenant/tenancy.hpp"
#include "tenant/testing/tenant_database.hpp"
#include "tenant/testing/world_builder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace berth::tenant {
namespace {

using storage::Session;

class DenyAssignments : public testing::Test {
protected:
    TenantDatabase database;
    const rbac::Scope registry = database.first->registry->scope;
    const rbac::Scope subscription = WorldBuilder::scope("/subscriptions/" + database.first->subscription.value());

    rbac::DenyAssignment deny(const rbac::Scope& scope) const {
        return {.id = Guid::random(),
                .name = "No pulls",
                .description = "while moving",
                .permissions = {{.actions = {"Microsoft.ContainerRegistry/*"},
                                 .not_actions = {"*/delete"},
                                 .data_actions = {},
                                 .not_data_actions = {}}},
                .scope = scope,
                .does_not_apply_to_child_scopes = true,
                .principals = {{*Guid::parse("00000000-0000-0000-0000-000000000000"), "SystemDefined"}},
                .excluded_principals = {{database.first->owner->principal.id, "ServicePrincipal"}},
                .created_at = test_time,
                .created_by = "maker",
                .updated_at = test_time,
                .updated_by = "maker"};
    }
    Result<void> put(const rbac::DenyAssignment& one) {
        return database.write([&](Session& s) { return put_deny_assignment(s, database.first->tenant, one); });
    }
    Result<void> remove(const Guid& id) {
        return database.write([&](Session& s) { return delete_deny_assignment(s, id); });
    }
    std::vector<rbac::DenyAssignment> all() { return *database.read(list_deny_assignments); }
};

TEST_F(DenyAssignments, ComeBackAsTheyWereWritten) {
    auto one = deny(registry);
    ASSERT_TRUE(put(one));
    const auto check = [&] {
        ASSERT_EQ(all().size(), 1U);
        const auto found = all().front();
        EXPECT_EQ(found.id, one.id);
        EXPECT_EQ(found.name, one.name);
        EXPECT_EQ(found.description, one.description);
        EXPECT_EQ(found.permissions, one.permissions);
        EXPECT_EQ(found.scope.value(), one.scope.value());
        EXPECT_EQ(found.does_not_apply_to_child_scopes, one.does_not_apply_to_child_scopes);
        EXPECT_EQ(found.principals, one.principals);
        EXPECT_EQ(found.excluded_principals, one.excluded_principals);
        EXPECT_EQ(found.created_by, "maker");
        EXPECT_EQ(found.updated_by, one.updated_by);
    };
    check();
    one.name = "None at all";
    one.description = "";
    one.does_not_apply_to_child_scopes = false;
    one.permissions.front().not_actions.clear();
    one.principals.push_back({Guid::random(), "User"});
    one.excluded_principals.clear();
    one.created_by = "not taken over";
    one.updated_by = "changer";
    ASSERT_TRUE(put(one));
    check();
}

TEST_F(DenyAssignments, DecideOnceTheyAreInTheWorld) {
    Tenancy tenancy(*database, {});
    ASSERT_TRUE(sync_wait(tenancy.refresh()));
    const auto pull = rbac::Operation::known("Microsoft.ContainerRegistry/registries/pull/read");
    const auto& owner = database.first->owner->principal.id;
    const auto allowed = [&] { return tenancy.world()->policy->decide(owner, pull, registry).allowed; };
    EXPECT_TRUE(allowed());
    auto one = deny(registry);
    one.excluded_principals = {{Guid::random(), "User"}};
    ASSERT_TRUE(put(one));
    ASSERT_TRUE(sync_wait(tenancy.refresh()));
    EXPECT_FALSE(allowed());
    ASSERT_TRUE(remove(one.id));
    ASSERT_TRUE(sync_wait(tenancy.refresh()));
    EXPECT_TRUE(allowed());
}

TEST_F(DenyAssignments, StayWhereTheyAreAndProtectedOnesAsTheyAre) {
    auto one = deny(registry);
    ASSERT_TRUE(put(one));
    one.scope = subscription;
    EXPECT_EQ(code_of(put(one)), ErrorCode::conflict);
    auto system = deny(registry);
    system.system_protected = true;
    ASSERT_TRUE(put(system));
    EXPECT_EQ(code_of(put(system)), ErrorCode::conflict);
    EXPECT_EQ(code_of(remove(system.id)), ErrorCode::conflict);
    EXPECT_EQ(code_of(remove(Guid::random())), ErrorCode::not_found);
}

TEST_F(DenyAssignments, AreLimitedAndGoWithTheirScope) {
    for (std::int64_t i = 0; i < max_deny_assignments; ++i) ASSERT_TRUE(put(deny(i % 2 ? registry : subscription))) << i;
    EXPECT_EQ(code_of(put(deny(registry))), ErrorCode::limit_exceeded);
    EXPECT_TRUE(put(deny(rbac::Scope::root()))) << "counted by itself";
    auto known = all().front();
    known.name = "changing one is no more of them";
    EXPECT_TRUE(put(known));
    ASSERT_TRUE(database.write([&](Session& s) { return delete_resource(s, registry, test_time); }));
    EXPECT_EQ(all().size(), static_cast<std::size_t>(max_deny_assignments / 2 + 1));
}

} // namespace
} // namespace berth::tenant
