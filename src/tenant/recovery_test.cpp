#include "tenant/recovery.hpp"

#include "tenant/authorization_store.hpp"
#include "tenant/deny_assignment_store.hpp"
#include "tenant/tenancy.hpp"
#include "tenant/testing/tenant_database.hpp"

#include <gtest/gtest.h>

namespace berth::tenant {
namespace {

using storage::Session;

CredentialInfo new_secret() { return {Guid::random(), "new", "recovered", test_time, test_time + std::chrono::days(365)}; }

Recovery recover(TenantDatabase& database) {
    auto done = sync_wait(recover_owner(*database, new_secret(), "sha256$22", test_time));
    EXPECT_TRUE(done) << done.error().message;
    return std::move(*done);
}

// What a recovered Owner must be able to do, whatever was wrong before.
void expect_in_charge(TenantDatabase& database, const Recovery& done) {
    ASSERT_TRUE(done.bootstrap.owner);
    const Guid id = done.bootstrap.owner->principal.id;
    Tenancy tenancy(*database, {.domain = "localhost", .port = 5443, .external_url = {}});
    ASSERT_TRUE(sync_wait(tenancy.refresh()));
    const auto world = tenancy.world();
    const Principal* owner = world->find_principal(id);
    ASSERT_NE(owner, nullptr);
    EXPECT_TRUE(owner->enabled);
    EXPECT_TRUE(owner->global_administrator);
    const auto scope = rbac::Scope::parse("/subscriptions/" + done.bootstrap.subscription.value());
    EXPECT_TRUE(
        world->policy->decide(id, rbac::Operation::known("Microsoft.Authorization/roleAssignments/write"), *scope).allowed);
    const auto secrets = database.read([&](Session& session) { return valid_credentials(session, id, test_time); });
    ASSERT_TRUE(secrets);
    EXPECT_TRUE(std::ranges::any_of(*secrets, [](const StoredCredential& one) { return one.hash == "sha256$22"; }));
    // A later start finds this one.
    const auto again = database.read(read_bootstrap);
    ASSERT_TRUE(again && *again && (*again)->owner);
    EXPECT_EQ((*again)->owner->principal.id, id);
}

TEST(RecoveryTest, AHealthyOwnerGetsOnlyASecret) {
    TenantDatabase database;
    const Recovery done = recover(database);
    EXPECT_FALSE(done.application_made || done.principal_made || done.enabled || done.administrator_given || done.role_given ||
                 done.condition_removed);
    EXPECT_EQ(done.other_secrets, 1U);
    EXPECT_EQ(done.bootstrap.owner->principal.id, database.first->owner->principal.id);
    EXPECT_EQ(database.count("select count(*) from events where kind = 'tenant.recover'"), 1);
    expect_in_charge(database, done);
}

TEST(RecoveryTest, WhatAnAdministratorTookAwayIsGivenBack) {
    struct Case {
        const char* broken;
        bool Recovery::* told;
    };
    for (const auto& [broken, told] :
         {Case{"update principals set enabled = 0", &Recovery::enabled},
          Case{"delete from directory_roles", &Recovery::administrator_given},
          Case{"delete from role_assignments", &Recovery::role_given},
          Case{"delete from principals", &Recovery::principal_made},
          Case{"update role_assignments set condition = '@Request[Microsoft.ContainerRegistry/registries/repositories:name] "
               "StringEquals ''x''', condition_version = '2.0'",
               &Recovery::condition_removed}}) {
        TenantDatabase database;
        ASSERT_TRUE(database.write([&](Session& session) { return session.execute(broken); })) << broken;
        const Recovery done = recover(database);
        EXPECT_TRUE(done.*told) << broken;
        expect_in_charge(database, done);
    }
}

TEST(RecoveryTest, ADeletedApplicationIsMadeAnew) {
    TenantDatabase database;
    const Guid old = database.first->owner->principal.id;
    ASSERT_TRUE(
        database.write([&](Session& session) { return delete_application(session, database.first->owner->application.id); }));
    const Recovery done = recover(database);
    EXPECT_TRUE(done.application_made && done.principal_made && done.administrator_given && done.role_given);
    EXPECT_NE(done.bootstrap.owner->principal.id, old);
    expect_in_charge(database, done);
}

TEST(RecoveryTest, ThereIsAlwaysRoomForTheNewSecret) {
    TenantDatabase database;
    const Guid application = database.first->owner->application.id;
    for (std::size_t i = 1; i < max_credentials; ++i) {
        ASSERT_TRUE(database.write([&](Session& session) { return add_credential(session, application, new_secret(), "x"); }));
    }
    const Recovery done = recover(database);
    EXPECT_EQ(done.secrets_removed, 1U);
    EXPECT_EQ(done.other_secrets, max_credentials - 1);
    expect_in_charge(database, done);
}

TEST(RecoveryTest, DenyAssignmentsThatHoldForTheOwnerExcludeIt) {
    TenantDatabase database;
    const Guid owner = database.first->owner->principal.id;
    const rbac::DeniedPrincipal everyone{*Guid::parse("00000000-0000-0000-0000-000000000000"), "SystemDefined"};
    const rbac::DeniedPrincipal self{owner, "ServicePrincipal"};
    const rbac::DeniedPrincipal other{Guid::random(), "User"};
    struct Case {
        std::vector<rbac::DeniedPrincipal> principals, excluded, excluded_after;
    };
    const std::vector<Case> cases{
        {{everyone}, {other}, {other, self}}, {{self}, {}, {self}}, {{other, self}, {self}, {self}}, {{other}, {}, {}}};
    std::vector<rbac::DenyAssignment> denials;
    for (const Case& one : cases) {
        denials.push_back(
            {.id = Guid::random(),
             .name = "denied",
             .description = {},
             .permissions =
                 {{.actions = {"*"}, .not_actions = {}, .data_actions = {}, .not_data_actions = {}, .condition = {}}},
             .scope = rbac::Scope::root(),
             .principals = one.principals,
             .excluded_principals = one.excluded,
             .created_at = test_time,
             .created_by = {},
             .updated_at = test_time,
             .updated_by = {}});
        ASSERT_TRUE(database.write(
            [&](Session& session) { return put_deny_assignment(session, database.first->tenant, denials.back()); }));
    }
    EXPECT_EQ(recover(database).deny_assignments, 2U);
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const auto now = database.read([&](Session& session) { return find_deny_assignment(session, denials[i].id); });
        ASSERT_TRUE(now && *now) << i;
        EXPECT_EQ((*now)->excluded_principals, cases[i].excluded_after) << i;
        EXPECT_EQ((*now)->principals, cases[i].principals) << i;
    }
    EXPECT_EQ(recover(database).deny_assignments, 0U);
}

TEST(RecoveryTest, AnEmptyDatabaseIsRefused) {
    storage::TemporaryDatabase database;
    const auto done = sync_wait(recover_owner(*database, new_secret(), "sha256$22", test_time));
    EXPECT_EQ(code_of(done), ErrorCode::not_found);
}

TEST(RecoveryTest, WithoutARegistryTheGroupIsStillTold) {
    TenantDatabase database;
    ASSERT_TRUE(database.write([&](Session& session) { return delete_resource(session, database.first->registry->scope); }));
    const auto left = database.read(read_bootstrap);
    ASSERT_TRUE(left && *left);
    EXPECT_FALSE((*left)->registry);
    ASSERT_TRUE((*left)->resource_group);
    EXPECT_EQ((*left)->resource_group->name, "berth");
}

} // namespace
} // namespace berth::tenant
