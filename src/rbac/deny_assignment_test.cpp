#include "rbac/policy.hpp"
#include "rbac/testing/policy_draft.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace berth::rbac::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Operation pull = registry("pull/read");
const Operation push = registry("push/write");

TEST(DenyAssignments, WinOverEveryRoleBelowAndAbove) {
    for (const char* assigned_at : {"/", "/subscriptions/s1", group_scope, registry_scope}) {
        for (const char* denied_at : {"/", "/subscriptions/s1", group_scope, registry_scope}) {
            auto policy =
                PolicyDraft().assign(alice, "Owner", assigned_at).deny({{alice, "User"}}, {"*/read"}, denied_at).compile();
            auto decision = policy->decide(alice, pull, scope(registry_scope));
            EXPECT_FALSE(decision.allowed) << assigned_at << " " << denied_at;
            EXPECT_EQ(decision.granted_by, nullptr);
            EXPECT_EQ(decision.denied_by, &policy->deny_assignments()[0]);
            EXPECT_FALSE(policy->may_be_allowed(alice, pull, scope(registry_scope)));
            EXPECT_TRUE(allows(*policy, alice, push, registry_scope)) << "another action";
            EXPECT_EQ(policy->decide(alice, push, scope(registry_scope)).denied_by, nullptr);
        }
    }
}

TEST(DenyAssignments, ReachNoOtherScopeAndNobodyElse) {
    auto policy = PolicyDraft()
                      .assign(alice, "Owner", "/")
                      .assign(bob, "Owner", "/")
                      .deny({{alice, "User"}}, {"*"}, registry_scope)
                      .compile();
    EXPECT_FALSE(allows(*policy, alice, pull, registry_scope));
    EXPECT_FALSE(allows(*policy, alice, pull, std::string(registry_scope) + "/tokens/t"));
    EXPECT_TRUE(allows(*policy, alice, pull, other_registry));
    EXPECT_TRUE(allows(*policy, alice, pull, group_scope));
    EXPECT_TRUE(allows(*policy, alice, pull, std::string(registry_scope) + "1"));
    EXPECT_TRUE(allows(*policy, bob, pull, registry_scope));
}

TEST(DenyAssignments, CompareScopesWithoutRegardToCase) {
    auto policy =
        PolicyDraft()
            .assign(alice, "Owner", "/")
            .deny({{alice, "User"}}, {"MICROSOFT.containerregistry/REGISTRIES/pull/*"}, "/SUBSCRIPTIONS/S1/resourcegroups/RG1")
            .compile();
    EXPECT_FALSE(allows(*policy, alice, pull, registry_scope));
}

TEST(DenyAssignments, ApplyThroughGroups) {
    auto policy = PolicyDraft()
                      .member(team, alice)
                      .member(department, team)
                      .assign(alice, "Owner", "/")
                      .assign(bob, "Owner", "/")
                      .deny({{department, "Group"}}, {"*"}, "/")
                      .compile();
    EXPECT_FALSE(allows(*policy, alice, pull, registry_scope));
    EXPECT_TRUE(allows(*policy, bob, pull, registry_scope));
}

TEST(DenyAssignments, ForEveryoneHaveExclusions) {
    auto policy = PolicyDraft()
                      .member(team, alice)
                      .member(department, team)
                      .assign(alice, "Owner", "/")
                      .assign(bob, "Owner", "/")
                      .deny({everyone}, {"*"}, "/subscriptions/s1")
                      .but([](DenyAssignment& deny) { deny.excluded_principals = {{department, "Group"}}; })
                      .compile();
    EXPECT_TRUE(allows(*policy, alice, pull, registry_scope)) << "excluded through two groups";
    EXPECT_FALSE(allows(*policy, bob, pull, registry_scope));
    EXPECT_TRUE(allows(*policy, bob, pull, "/subscriptions/s2"));
    // An exclusion by one assignment is none from another.
    auto second = PolicyDraft(policy->input()).deny({{alice, "User"}}, {"*"}, "/").compile();
    EXPECT_FALSE(allows(*second, alice, pull, registry_scope));
}

TEST(DenyAssignments, OfWhoIsExcludedByIdToo) {
    auto policy = PolicyDraft()
                      .member(team, alice)
                      .member(team, bob)
                      .assign(team, "Owner", "/")
                      .deny({{team, "Group"}}, {"*"}, "/")
                      .but([](DenyAssignment& deny) { deny.excluded_principals = {{bob, "User"}}; })
                      .compile();
    EXPECT_FALSE(allows(*policy, alice, pull, registry_scope));
    EXPECT_TRUE(allows(*policy, bob, pull, registry_scope));
}

TEST(DenyAssignments, NameEveryoneByIdAndTypeTogether) {
    const auto null = everyone.id;
    auto other_type = PolicyDraft().assign(alice, "Owner", "/").deny({{null, "User"}}, {"*"}, "/").compile();
    EXPECT_TRUE(allows(*other_type, alice, pull, registry_scope));
    auto other_id = PolicyDraft().assign(alice, "Owner", "/").deny({{bob, "SystemDefined"}}, {"*"}, "/").compile();
    EXPECT_TRUE(allows(*other_id, alice, pull, registry_scope));
    // Among the excluded it is nobody.
    auto excluded = PolicyDraft()
                        .assign(alice, "Owner", "/")
                        .deny({everyone}, {"*"}, "/")
                        .but([](DenyAssignment& deny) { deny.excluded_principals = {everyone}; })
                        .compile();
    EXPECT_FALSE(allows(*excluded, alice, pull, registry_scope));
}

TEST(DenyAssignments, AreNamedToWhoHasNoRoleToo) {
    auto policy = PolicyDraft().deny({everyone}, {"*"}, "/").deny({{bob, "User"}}, {"*"}, "/").compile();
    EXPECT_EQ(policy->decide(id(77), pull, scope(registry_scope)).denied_by, &policy->deny_assignments()[0]);
    EXPECT_THAT(deny_verdicts(policy->explain(id(77), pull, scope(registry_scope))), ElementsAre(DenyVerdict::denied));
    EXPECT_THAT(deny_verdicts(policy->explain(bob, pull, scope(registry_scope))),
                ElementsAre(DenyVerdict::denied, DenyVerdict::denied));
    auto only_bob = PolicyDraft().deny({{bob, "User"}}, {"*"}, "/").compile();
    EXPECT_EQ(only_bob->decide(id(77), pull, scope(registry_scope)).denied_by, nullptr);
    EXPECT_THAT(only_bob->explain(id(77), pull, scope(registry_scope)).denials, IsEmpty());
}

TEST(DenyAssignments, MayLeaveChildScopesAlone) {
    auto policy = PolicyDraft()
                      .assign(alice, "Owner", "/")
                      .deny({{alice, "User"}}, {"*"}, group_scope)
                      .but([](DenyAssignment& deny) { deny.does_not_apply_to_child_scopes = true; })
                      .compile();
    EXPECT_FALSE(allows(*policy, alice, pull, group_scope));
    EXPECT_FALSE(allows(*policy, alice, pull, "/SUBSCRIPTIONS/s1/RESOURCEgroups/rg1"));
    EXPECT_TRUE(allows(*policy, alice, pull, registry_scope));
    EXPECT_TRUE(allows(*policy, alice, pull, "/subscriptions/s1"));
}

TEST(DenyAssignments, ReachThroughManagementGroups) {
    PolicyDraft draft;
    draft.lies_in(scope("/subscriptions/s1"), management_group("inner"))
        .lies_in(management_group("inner"), management_group("outer"))
        .assign(alice, "Owner", "/")
        .deny({{alice, "User"}}, {"*/read"}, management_group("OUTER"));
    auto policy = draft.compile();
    EXPECT_FALSE(allows(*policy, alice, pull, registry_scope));
    EXPECT_TRUE(allows(*policy, alice, pull, "/subscriptions/s2"));
    draft.but([](DenyAssignment& deny) { deny.does_not_apply_to_child_scopes = true; });
    EXPECT_TRUE(allows(*draft.compile(), alice, pull, registry_scope));
    EXPECT_FALSE(allows(*draft.compile(), alice, pull, management_group("outer").value()));
}

TEST(DenyAssignments, SubtractInsideOnePermissionObject) {
    auto policy = PolicyDraft()
                      .assign(alice, "Owner", "/")
                      .deny({{alice, "User"}}, {"Microsoft.ContainerRegistry/*"}, "/")
                      .but([](DenyAssignment& deny) {
                          deny.permissions[0].not_actions = {"*/pull/read", "*/push/write"};
                          deny.permissions.push_back(
                              {.actions = {"*/push/write"}, .not_actions = {}, .data_actions = {}, .not_data_actions = {}});
                      })
                      .compile();
    EXPECT_TRUE(allows(*policy, alice, pull, registry_scope));
    EXPECT_FALSE(allows(*policy, alice, push, registry_scope)) << "the second object denies it";
    EXPECT_FALSE(allows(*policy, alice, registry("read"), registry_scope));
    EXPECT_TRUE(allows(*policy, alice, Operation::known("Microsoft.Resources/deployments/read"), registry_scope));
}

TEST(DenyAssignments, DoNotLookAtConditions) {
    auto policy = PolicyDraft()
                      .assign(alice, "Owner", "/")
                      .deny({{alice, "User"}}, {"*"}, "/")
                      .but([](DenyAssignment& deny) { deny.permissions[0].condition = Condition::never("x"); })
                      .compile();
    EXPECT_FALSE(allows(*policy, alice, pull, registry_scope));
}

TEST(DenyAssignments, ActionsAndDataActionsAreApart) {
    auto read = registry_data("repositories/content/read");
    PolicyDraft draft;
    draft.assign(alice, "Container Registry Repository Reader", "/").deny({{alice, "User"}}, {"*"}, "/");
    EXPECT_TRUE(allows(*draft.compile(), alice, read, registry_scope));
    draft.but([](DenyAssignment& deny) { deny.permissions[0].data_actions = {"*/read"}; });
    EXPECT_FALSE(allows(*draft.compile(), alice, read, registry_scope));
    EXPECT_TRUE(draft.compile()->repositories_where(alice, read, scope(registry_scope)).empty());
}

TEST(DenyAssignments, TheNearestIsNamed) {
    auto policy = PolicyDraft()
                      .assign(alice, "Owner", "/")
                      .deny({{alice, "User"}}, {"*"}, "/")
                      .deny({{alice, "User"}}, {"*"}, registry_scope)
                      .deny({{alice, "User"}}, {"*"}, group_scope)
                      .compile();
    EXPECT_EQ(policy->decide(alice, pull, scope(registry_scope)).denied_by, &policy->deny_assignments()[1]);
    EXPECT_EQ(policy->decide(alice, pull, scope(other_registry)).denied_by, &policy->deny_assignments()[2]);
    EXPECT_EQ(policy->decide(alice, pull, scope("/")).denied_by, &policy->deny_assignments()[0]);
    EXPECT_EQ(policy->find_deny_assignment(id(3001)), &policy->deny_assignments()[1]);
    EXPECT_EQ(policy->find_deny_assignment(id(9)), nullptr);
}

} // namespace
} // namespace berth::rbac::testing
