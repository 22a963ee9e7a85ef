// With a decision made for each request from the current world, every change counts for the next one.

#include "tenant/authorization_store.hpp"
#include "tenant/directory_store.hpp"
#include "tenant/resource_store.hpp"
#include "tenant/tenancy.hpp"
#include "tenant/testing/tenant_database.hpp"
#include "tenant/testing/world_builder.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace berth::tenant {
namespace {

using storage::Session;

class Live : public testing::Test {
protected:
    TenantDatabase database;
    Tenancy tenancy{*database, {}};
    const Guid tenant = database.first->tenant;
    const rbac::Scope registry = database.first->registry->scope;
    const rbac::Operation pull = rbac::Operation::known("Microsoft.ContainerRegistry/registries/pull/read");
    const rbac::Operation read_content =
        rbac::Operation::known("Microsoft.ContainerRegistry/registries/repositories/content/read", true);
    const Guid ada = *Guid::parse(create([&](Session& s) { return create_user(s, tenant, "Ada", "ada@x", test_time); }));

    template <class Work>
    std::string create(Work work) {
        auto made = database.write(std::move(work));
        EXPECT_TRUE(made);
        return made->id.value();
    }
    // The change is acknowledged when the refresh has returned.
    template <class Work>
    void change(Work work) {
        auto done = database.write(std::move(work));
        ASSERT_TRUE(done) << done.error().message;
        ASSERT_TRUE(sync_wait(tenancy.refresh()));
    }
    bool may_pull(const Guid& who) { return tenancy.world()->policy->decide(who, pull, registry).allowed; }
    static rbac::RoleAssignment assignment(const Guid& who, const Guid& role, const rbac::Scope& scope) {
        return {.id = Guid::random(),
                .scope = scope,
                .role_definition = role,
                .principal = who,
                .principal_type = "User",
                .condition = {},
                .description = {},
                .created_at = test_time,
                .created_by = {},
                .updated_at = test_time,
                .updated_by = {}};
    }
    static Guid role(std::string_view name) { return rbac::find_built_in_role(name)->id; }
    void put(const rbac::RoleAssignment& one) {
        change([&](Session& s) { return put_role_assignment(s, tenant, one); });
    }
    Guid group(const std::string& name) {
        return *Guid::parse(create([&](Session& s) { return create_group(s, tenant, name, test_time); }));
    }
};

TEST_F(Live, AssignmentsAndTheirConditions) {
    auto one = assignment(ada, role("Container Registry Repository Reader"), registry);
    put(one);
    const auto may_read = [&](std::string_view repository) {
        return tenancy.world()->policy->decide(ada, read_content, registry, {.repository = repository}).allowed;
    };
    EXPECT_TRUE(may_read("app"));
    one.condition = *rbac::Condition::parse(
        "@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'app'");
    put(one);
    EXPECT_TRUE(may_read("app"));
    EXPECT_FALSE(may_read("other"));
    change([&](Session& s) { return delete_role_assignment(s, one.id); });
    EXPECT_FALSE(may_read("app"));
}

TEST_F(Live, RoleDefinitions) {
    rbac::RoleDefinition custom{.id = Guid::random(),
                                .name = "Puller",
                                .description = {},
                                .permissions = {{.actions = {"Microsoft.ContainerRegistry/registries/pull/read"},
                                                 .not_actions = {},
                                                 .data_actions = {},
                                                 .not_data_actions = {}}},
                                .assignable_scopes = {registry},
                                .created_at = test_time,
                                .created_by = {},
                                .updated_at = test_time,
                                .updated_by = {}};
    const auto put_role = [&] { change([&](Session& s) { return put_role_definition(s, tenant, custom); }); };
    put_role();
    put(assignment(ada, custom.id, registry));
    EXPECT_TRUE(may_pull(ada));
    custom.permissions.front().not_actions = {"*/read"};
    put_role();
    EXPECT_FALSE(may_pull(ada));
    custom.permissions.front().not_actions.clear();
    put_role();
    EXPECT_TRUE(may_pull(ada));
}

TEST_F(Live, GroupsAndGroupsInGroups) {
    const Guid inner = group("inner");
    const Guid outer = group("outer");
    put(assignment(outer, role("AcrPull"), registry));
    change([&](Session& s) { return add_group_member(s, inner, ada); });
    EXPECT_FALSE(may_pull(ada));
    change([&](Session& s) { return add_group_member(s, outer, inner); });
    EXPECT_TRUE(may_pull(ada));
    change([&](Session& s) { return add_group_member(s, inner, outer); }); // a circle
    EXPECT_TRUE(may_pull(ada));
    change([&](Session& s) { return remove_group_member(s, outer, inner); });
    EXPECT_FALSE(may_pull(ada));
    change([&](Session& s) { return add_group_member(s, outer, inner); });
    change([&](Session& s) { return delete_principal(s, inner); });
    EXPECT_FALSE(may_pull(ada));
}

TEST_F(Live, DisabledAndDeletedPrincipals) {
    put(assignment(ada, role("AcrPull"), registry));
    change([&](Session& s) { return update_principal(s, ada, std::nullopt, false); });
    EXPECT_FALSE(tenancy.world()->find_principal(ada)->enabled);
    change([&](Session& s) { return set_security_attributes(s, ada, {{"team_name", {"a", "b"}}, {"area_code", {"1"}}}); });
    const Principal* now = tenancy.world()->find_principal(ada);
    EXPECT_EQ(now->security_attributes,
              (std::vector<rbac::SecurityAttribute>{{"area_code", {"1"}}, {"team_name", {"a", "b"}}}));
    change([&](Session& s) { return delete_principal(s, ada); });
    EXPECT_EQ(tenancy.world()->find_principal(ada), nullptr);
}

TEST_F(Live, NobodyInheritsTheAssignmentsOfADeletedPrincipal) {
    const auto application = *database.write([&](Session& s) { return create_application(s, tenant, "robot", test_time); });
    const auto make = [&](const Guid& client) {
        return database.write([&](Session& s) { return create_service_principal(s, tenant, client, test_time); });
    };
    const auto first = make(application.application_id);
    ASSERT_TRUE(first);
    const auto kept = assignment(first->id, role("AcrPull"), registry);
    put(kept);
    EXPECT_TRUE(may_pull(first->id));
    change([&](Session& s) { return delete_principal(s, first->id); });
    // It stays listed.
    ASSERT_NE(tenancy.world()->policy->find_assignment(kept.id), nullptr);

    // A service principal of the same application is another one, and so is one of an application of the same name.
    const auto second = make(application.application_id);
    ASSERT_TRUE(second);
    change([&](Session& s) { return delete_application(s, application.id); });
    const auto again = *database.write([&](Session& s) { return create_application(s, tenant, "robot", test_time); });
    const auto third = make(again.application_id);
    ASSERT_TRUE(third);
    ASSERT_TRUE(sync_wait(tenancy.refresh()));
    EXPECT_NE(again.id, application.id);
    EXPECT_NE(again.application_id, application.application_id);
    EXPECT_NE(second->id, first->id);
    EXPECT_NE(third->id, first->id);
    EXPECT_FALSE(may_pull(second->id));
    EXPECT_FALSE(may_pull(third->id));
    EXPECT_EQ(make(application.application_id).error().code, ErrorCode::not_found) << "the old client id is gone for ever";
    // And it can be removed.
    change([&](Session& s) { return delete_role_assignment(s, kept.id); });
    EXPECT_EQ(tenancy.world()->policy->find_assignment(kept.id), nullptr);
}

TEST_F(Live, EachSwitchOfTheModeIsAnEpoch) {
    const auto epoch = [&] { return tenancy.world()->registries().front().mode_epoch; };
    const auto set = [&](const char* mode) {
        Resource next = *database.first->registry;
        next.properties = {{"roleAssignmentMode", mode}, {"adminUserEnabled", true}};
        change([&](Session& s) { return update_resource(s, next); });
    };
    set("LegacyRegistryPermissions"); // the default, written out
    EXPECT_EQ(epoch(), 0);
    set("AbacRepositoryPermissions");
    EXPECT_EQ(epoch(), 1);
    set("abacrepositorypermissions");
    EXPECT_EQ(epoch(), 1);
    set("LegacyRegistryPermissions");
    EXPECT_EQ(epoch(), 2) << "switching back does not bring the older tokens back";
}

TEST_F(Live, ARecreatedRegistryStartsWithNothing) {
    put(assignment(ada, role("AcrPull"), registry));
    ASSERT_TRUE(may_pull(ada));
    const Guid before = tenancy.world()->registries().front().id;
    change([&](Session& s) { return delete_resource(s, registry, test_time); });
    EXPECT_FALSE(may_pull(ada));
    Resource anew = *database.first->registry;
    anew.guid = Guid::random();
    change([&](Session& s) { return insert_resource(s, anew); });
    EXPECT_FALSE(may_pull(ada));
    EXPECT_NE(tenancy.world()->registries().front().id, before);
    EXPECT_EQ(tenancy.world()->find_registry(before), nullptr);
}

// While others grant and revoke, whoever was acknowledged is believed.
TEST_F(Live, RevocationsCountUnderLoad) {
    constexpr int threads = 4;
    constexpr int rounds = 20;
    std::atomic<int> wrong = 0;
    std::vector<std::thread> workers;
    for (int worker = 0; worker < threads; ++worker) {
        workers.emplace_back([&] {
            for (int round = 0; round < rounds; ++round) {
                const Guid who = Guid::random();
                const auto one = assignment(who, role("AcrPull"), registry);
                if (!database.write([&](Session& s) { return put_role_assignment(s, tenant, one); })) ++wrong;
                if (!sync_wait(tenancy.refresh()) || !may_pull(who)) ++wrong;
                if (!database.write([&](Session& s) { return delete_role_assignment(s, one.id); })) ++wrong;
                if (!sync_wait(tenancy.refresh()) || may_pull(who)) ++wrong;
            }
        });
    }
    for (auto& worker : workers) worker.join();
    EXPECT_EQ(wrong, 0);
}

} // namespace
} // namespace berth::tenant
