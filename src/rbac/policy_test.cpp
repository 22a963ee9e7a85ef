#include "rbac/policy.hpp"

#include "base/strict_json.hpp"
#include "rbac/testing/policy_draft.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace berth::rbac::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

TEST(Policy, AnEmptyOneAllowsNothing) {
    auto policy = Policy::compile({});
    EXPECT_FALSE(allows(*policy, alice, registry("pull/read"), registry_scope));
    EXPECT_EQ(policy->decide(alice, registry("pull/read"), scope("/")).granted_by, nullptr);
    EXPECT_THAT(policy->explain(alice, registry("pull/read"), scope("/")).considered, IsEmpty());
    EXPECT_FALSE(policy->has_assignment_near(alice, scope("/")));
    EXPECT_THAT(policy->permissions_at(alice, scope("/")), IsEmpty());
    EXPECT_THAT(policy->groups_of(alice), IsEmpty());
    EXPECT_EQ(policy->find_assignment(id(1)), nullptr);
    EXPECT_TRUE(policy->assignments().empty());
}

struct ReachCase {
    const char* assigned_at;
    const char* asked_at;
    bool allowed;
};

TEST(Policy, AnAssignmentReachesDownAndNowhereElse) {
    const ReachCase table[] = {
        {registry_scope, registry_scope, true},
        {group_scope, registry_scope, true},
        {"/subscriptions/s1", registry_scope, true},
        {"/", registry_scope, true},
        {"/SUBSCRIPTIONS/S1/resourcegroups/RG1", registry_scope, true},
        {registry_scope, "/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.ContainerRegistry/registries/one/tokens/t",
         true},
        {registry_scope, other_registry, false},
        {registry_scope, group_scope, false},
        {registry_scope, "/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.ContainerRegistry/registries/one1", false},
        {group_scope, "/subscriptions/s1/resourceGroups/rg10/providers/Microsoft.ContainerRegistry/registries/one", false},
        {group_scope, "/subscriptions/s2/resourceGroups/rg1/providers/Microsoft.ContainerRegistry/registries/one", false},
        {"/subscriptions/s1", "/subscriptions/s10", false},
        {"/subscriptions/s1", "/", false},
        {"/providers/Microsoft.Management/managementGroups/m", registry_scope, false},
    };
    for (const auto& row : table) {
        auto policy = PolicyDraft().assign(alice, "AcrPull", row.assigned_at).compile();
        EXPECT_EQ(allows(*policy, alice, registry("pull/read"), row.asked_at), row.allowed)
            << row.assigned_at << " for " << row.asked_at;
        EXPECT_FALSE(allows(*policy, alice, registry("push/write"), row.asked_at));
        EXPECT_FALSE(allows(*policy, bob, registry("pull/read"), row.asked_at));
    }
}

TEST(Policy, ActionsNeverGrantDataActions) {
    auto policy = PolicyDraft()
                      .assign(alice, "Owner", "/")
                      .role(id(200), {{.actions = {}, .not_actions = {}, .data_actions = {"*"}, .not_data_actions = {}}})
                      .assign(bob, id(200), "/")
                      .compile();
    EXPECT_TRUE(allows(*policy, alice, registry("push/write"), registry_scope));
    EXPECT_FALSE(allows(*policy, alice, registry_data("repositories/content/read"), registry_scope));
    EXPECT_FALSE(allows(*policy, bob, registry("push/write"), registry_scope));
    EXPECT_TRUE(allows(*policy, bob, registry_data("repositories/content/read"), registry_scope));
}

TEST(Policy, NotActionsTakeAwayFromTheirOwnRoleOnly) {
    PolicyDraft draft;
    draft.role(id(200), {{.actions = {"Microsoft.ContainerRegistry/registries/*"},
                          .not_actions = {"*/pull/read"},
                          .data_actions = {},
                          .not_data_actions = {}}});
    draft.assign(alice, id(200), registry_scope);
    auto policy = draft.compile();
    EXPECT_TRUE(allows(*policy, alice, registry("push/write"), registry_scope));
    EXPECT_FALSE(allows(*policy, alice, registry("pull/read"), registry_scope));
    EXPECT_THAT(verdicts(policy->explain(alice, registry("pull/read"), scope(registry_scope))),
                ElementsAre(Verdict::action_excluded));

    // Another role grants it: subtraction is no deny.
    auto more = draft.assign(alice, "AcrPull", group_scope).compile();
    EXPECT_TRUE(allows(*more, alice, registry("pull/read"), registry_scope));
    EXPECT_THAT(verdicts(more->explain(alice, registry("pull/read"), scope(registry_scope))),
                ElementsAre(Verdict::action_excluded, Verdict::granted));
}

TEST(Policy, OnePermissionObjectDoesNotTakeAwayFromAnother) {
    auto policy = PolicyDraft()
                      .role(id(200), {{.actions = {"*"}, .not_actions = {"*/read"}, .data_actions = {}, .not_data_actions = {}},
                                      {.actions = {"Microsoft.ContainerRegistry/registries/pull/read"},
                                       .not_actions = {},
                                       .data_actions = {},
                                       .not_data_actions = {}}})
                      .assign(alice, id(200), "/")
                      .compile();
    EXPECT_TRUE(allows(*policy, alice, registry("pull/read"), registry_scope));
    EXPECT_FALSE(allows(*policy, alice, registry("metadata/read"), registry_scope));
}

TEST(Policy, GroupsAreTransitive) {
    auto policy = PolicyDraft()
                      .member(team, alice)
                      .member(department, team)
                      .member(company, department)
                      .assign(company, "AcrPull", group_scope)
                      .compile();
    EXPECT_TRUE(allows(*policy, alice, registry("pull/read"), registry_scope));
    EXPECT_FALSE(allows(*policy, bob, registry("pull/read"), registry_scope));
    EXPECT_THAT(policy->groups_of(alice), ElementsAre(team, department, company));
    auto explanation = policy->explain(alice, registry("pull/read"), scope(registry_scope));
    ASSERT_THAT(explanation.considered, SizeIs(1));
    EXPECT_THAT(explanation.considered[0].through_groups, ElementsAre(team, department, company));
    // Membership leads upward only.
    auto below = PolicyDraft().member(team, alice).member(department, team).assign(team, "AcrPull", "/").compile();
    EXPECT_FALSE(allows(*below, department, registry("pull/read"), registry_scope));
}

TEST(Policy, GroupsMayGoRoundInCircles) {
    auto policy = PolicyDraft()
                      .member(team, alice)
                      .member(team, team)
                      .member(department, team)
                      .member(company, department)
                      .member(team, company)
                      .assign(department, "AcrPush", registry_scope)
                      .compile();
    EXPECT_TRUE(allows(*policy, alice, registry("push/write"), registry_scope));
    EXPECT_THAT(policy->groups_of(alice), UnorderedElementsAre(team, department, company));
    EXPECT_THAT(policy->groups_of(team), UnorderedElementsAre(department, company));
    EXPECT_THAT(policy->explain(alice, registry("push/write"), scope(registry_scope)).considered[0].through_groups,
                ElementsAre(team, department));
}

TEST(Policy, ADeepChainOfGroupsIsWalkedWithoutRecursion) {
    PolicyDraft draft;
    constexpr std::size_t depth = 20000;
    draft.member(id(100), alice);
    for (std::size_t i = 0; i < depth; ++i) draft.member(id(100 + i + 1), id(100 + i));
    auto policy = draft.assign(id(100 + depth), "AcrPull", "/").compile();
    EXPECT_TRUE(allows(*policy, alice, registry("pull/read"), registry_scope));
}

TEST(Policy, AnUnknownRoleGrantsNothing) {
    auto policy = PolicyDraft().assign(alice, id(999), "/").compile();
    EXPECT_FALSE(allows(*policy, alice, registry("pull/read"), registry_scope));
    auto explanation = policy->explain(alice, registry("pull/read"), scope(registry_scope));
    EXPECT_THAT(verdicts(explanation), ElementsAre(Verdict::role_unknown));
    EXPECT_EQ(explanation.considered[0].role, nullptr);
    EXPECT_THAT(policy->permissions_at(alice, scope(registry_scope)), IsEmpty());
    EXPECT_TRUE(policy->has_assignment_near(alice, scope(registry_scope)));
}

TEST(Policy, ACustomRoleCannotStandInForABuiltInOne) {
    PolicyDraft draft;
    draft.role(built_in("AcrPull"), {{.actions = {"*"}, .not_actions = {}, .data_actions = {"*"}, .not_data_actions = {}}});
    draft.input.custom_roles.edit(0, [](RoleDefinition& role) { role.name = "Owner"; }); // a name gives nothing either
    auto policy = draft.assign(alice, "AcrPull", "/").compile();
    EXPECT_FALSE(allows(*policy, alice, registry("push/write"), registry_scope));
    EXPECT_TRUE(allows(*policy, alice, registry("pull/read"), registry_scope));
    EXPECT_TRUE(policy->find_role(built_in("AcrPull"))->built_in);
}

// The custom role of the registry's documentation.
TEST(Policy, TheImportRoleImports) {
    auto permissions = parse_permissions(*parse_json(R"([{"actions":["Microsoft.ContainerRegistry/registries/push/write",
        "Microsoft.ContainerRegistry/registries/pull/read","Microsoft.ContainerRegistry/registries/read",
        "Microsoft.ContainerRegistry/registries/importImage/action"],"dataActions":[],"notActions":[],"notDataActions":[]}])"));
    auto policy = PolicyDraft()
                      .role(id(200), *permissions)
                      .assign(alice, id(200), registry_scope)
                      .assign(bob, "AcrPush", registry_scope)
                      .compile();
    for (auto name : {"importImage/action", "read", "pull/read", "push/write"}) {
        EXPECT_TRUE(allows(*policy, alice, registry(name), registry_scope)) << name;
    }
    for (auto name : {"write", "delete", "artifacts/delete", "listCredentials/action"}) {
        EXPECT_FALSE(allows(*policy, alice, registry(name), registry_scope)) << name;
    }
    EXPECT_FALSE(allows(*policy, bob, registry("importImage/action"), registry_scope)); // AcrPush does not import
}

TEST(Policy, AnAssignmentNearbyShowsASubscription) {
    auto policy =
        PolicyDraft().assign(alice, "AcrPull", registry_scope).member(team, bob).assign(team, "Reader", "/").compile();
    EXPECT_TRUE(policy->has_assignment_near(alice, scope("/subscriptions/s1")));
    EXPECT_TRUE(policy->has_assignment_near(alice, scope(registry_scope)));
    EXPECT_TRUE(policy->has_assignment_near(alice, scope("/")));
    EXPECT_FALSE(policy->has_assignment_near(alice, scope("/subscriptions/s2")));
    EXPECT_FALSE(policy->has_assignment_near(alice, scope(other_registry)));
    EXPECT_TRUE(policy->has_assignment_near(bob, scope("/subscriptions/s2")));
    EXPECT_FALSE(policy->has_assignment_near(id(99), scope("/")));
}

TEST(Policy, PermissionsAreThoseOfEachRoleOnce) {
    auto policy = PolicyDraft()
                      .assign(alice, "AcrPull", group_scope)
                      .member(team, alice)
                      .assign(team, "AcrPull", registry_scope)
                      .assign(team, "AcrDelete", registry_scope)
                      .assign(alice, "Owner", other_registry)
                      .compile();
    auto permissions = policy->permissions_at(alice, scope(registry_scope));
    ASSERT_THAT(permissions, SizeIs(2));
    EXPECT_EQ(permissions[0], find_built_in_role("AcrPull")->permissions[0]);
    EXPECT_EQ(permissions[1], find_built_in_role("AcrDelete")->permissions[0]);
    EXPECT_THAT(policy->permissions_at(alice, scope(group_scope)), ElementsAre(find_built_in_role("AcrPull")->permissions[0]));
    EXPECT_THAT(policy->permissions_at(bob, scope(registry_scope)), IsEmpty());
}

TEST(Policy, FindsWhatItWasMadeOf) {
    auto policy = PolicyDraft()
                      .role(id(200), {})
                      .role(id(201), {})
                      .assign(alice, "AcrPull", "/")
                      .assign(bob, id(201), registry_scope)
                      .compile();
    EXPECT_EQ(policy->find_role(id(201)), &policy->custom_roles()[1]);
    EXPECT_EQ(policy->find_role(built_in("Reader")), find_built_in_role("Reader"));
    EXPECT_EQ(policy->find_role(id(999)), nullptr);
    EXPECT_EQ(policy->find_assignment(id(1001)), &policy->assignments()[1]);
    EXPECT_EQ(policy->find_assignment(id(999)), nullptr);
    EXPECT_EQ(policy->custom_roles().size(), 2U);
}

TEST(Policy, IsReadByManyThreadsFromItsFirstMoment) {
    PolicyDraft draft;
    constexpr std::size_t people = 64;
    for (std::size_t i = 0; i < people; ++i) draft.member(i % 2 ? team : department, id(500 + i));
    draft.assign(team, "AcrPull", group_scope).assign(department, "AcrDelete", registry_scope);
    auto policy = draft.compile();
    std::atomic<std::size_t> wrong = 0;
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (std::size_t i = 0; i < people; ++i) {
                auto who = (i + t) % people;
                if (allows(*policy, id(500 + who), registry("pull/read"), registry_scope) != (who % 2 == 1)) ++wrong;
                if (policy->explain(id(500 + who), registry("pull/read"), scope(registry_scope)).considered.size() != 1)
                    ++wrong;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0U);
}

} // namespace
} // namespace berth::rbac::testing
