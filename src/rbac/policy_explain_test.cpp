#include "rbac/policy.hpp"
#include "rbac/testing/policy_draft.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace berth::rbac::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(PolicyExplains, WhatItLookedAtNearestFirst) {
    auto policy = PolicyDraft()
                      .assign(alice, "AcrPull", other_registry)
                      .assign(alice, "Reader", "/subscriptions/s1")
                      .member(team, alice)
                      .assign(team, "AcrDelete", registry_scope)
                      .assign(bob, "Owner", registry_scope)
                      .assign(alice, "AcrPush", "/subscriptions/s2")
                      .compile();
    auto explanation = policy->explain(alice, registry("push/write"), scope(registry_scope));
    EXPECT_FALSE(explanation.decision.allowed);
    EXPECT_THAT(verdicts(explanation), ElementsAre(Verdict::action_not_included, Verdict::action_not_included,
                                                   Verdict::scope_does_not_cover, Verdict::scope_does_not_cover));
    EXPECT_EQ(explanation.considered[0].role->name, "AcrDelete");
    EXPECT_THAT(explanation.considered[0].through_groups, ElementsAre(team));
    EXPECT_EQ(explanation.considered[1].role->name, "Reader");
    EXPECT_THAT(explanation.considered[1].through_groups, IsEmpty());
    EXPECT_EQ(explanation.considered[2].assignment->scope, scope(other_registry));
    EXPECT_EQ(explanation.considered[3].role->name, "AcrPush");
}

TEST(PolicyExplains, AlsoWhatADecisionNeedNotLookAt) {
    // All four grant the same; one is enough to decide.
    auto policy = PolicyDraft()
                      .assign(alice, "Owner", registry_scope)
                      .assign(alice, "AcrPull", registry_scope)
                      .assign(alice, "AcrPush", registry_scope)
                      .assign(alice, "AcrPull", group_scope)
                      .compile();
    auto explanation = policy->explain(alice, registry("pull/read"), scope(registry_scope));
    EXPECT_THAT(verdicts(explanation), ElementsAre(Verdict::granted, Verdict::granted, Verdict::granted, Verdict::granted));
    EXPECT_EQ(explanation.decision.granted_by, &policy->assignments()[0]);
    EXPECT_EQ(policy->decide(alice, registry("pull/read"), scope(registry_scope)).granted_by, &policy->assignments()[0]);
}

TEST(PolicyExplains, EveryDenyAssignmentThatNamesTheCaller) {
    auto policy = PolicyDraft()
                      .member(team, alice)
                      .member(department, team)
                      .assign(alice, "Owner", "/")
                      .deny({{department, "Group"}}, {"*"}, "/subscriptions/s2")
                      .deny({everyone}, {"*/read"}, "/subscriptions/s1")
                      .but([](DenyAssignment& deny) { deny.excluded_principals = {{team, "Group"}}; })
                      .deny({{alice, "User"}}, {"*/delete"}, group_scope)
                      .deny({everyone}, {"*"}, group_scope)
                      .but([](DenyAssignment& deny) { deny.permissions[0].not_actions = {"*/read"}; })
                      .deny({{department, "Group"}}, {"*/read"}, registry_scope)
                      .deny({{team, "Group"}}, {"*"}, group_scope)
                      .but([](DenyAssignment& deny) { deny.does_not_apply_to_child_scopes = true; })
                      .deny({{bob, "User"}}, {"*"}, "/")
                      .compile();
    auto explanation = policy->explain(alice, registry("pull/read"), scope(registry_scope));
    EXPECT_FALSE(explanation.decision.allowed);
    EXPECT_EQ(explanation.decision.granted_by, nullptr);
    EXPECT_EQ(explanation.decision.denied_by, &policy->deny_assignments()[4]);
    EXPECT_THAT(verdicts(explanation), ElementsAre(Verdict::granted)) << "what the role would grant is still told";
    EXPECT_THAT(deny_verdicts(explanation), ElementsAre(DenyVerdict::denied, DenyVerdict::action_not_included,
                                                        DenyVerdict::action_excluded, DenyVerdict::not_for_child_scopes,
                                                        DenyVerdict::principal_excluded, DenyVerdict::scope_does_not_cover));
    EXPECT_THAT(explanation.denials[0].through_groups, ElementsAre(team, department));
    EXPECT_THAT(explanation.denials[1].through_groups, IsEmpty());
    EXPECT_THAT(explanation.denials[2].through_groups, IsEmpty());
    EXPECT_THAT(explanation.denials[3].through_groups, ElementsAre(team));
    EXPECT_THAT(explanation.denials[4].through_groups, IsEmpty()) << "everyone";
    EXPECT_EQ(explanation.denials[5].assignment, &policy->deny_assignments()[0]);
}

} // namespace
} // namespace berth::rbac::testing
