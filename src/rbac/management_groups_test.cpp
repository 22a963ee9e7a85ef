#include "rbac/management_groups.hpp"
#include "rbac/policy.hpp"
#include "rbac/testing/policy_draft.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace berth::rbac::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

const Operation pull = registry("pull/read");

std::vector<std::string> names(const std::vector<Scope>& scopes) {
    std::vector<std::string> out;
    for (const auto& each : scopes) out.push_back(each.value());
    return out;
}

// s1 in inner in outer, s2 in outer, s3 in none.
PolicyDraft nested() {
    PolicyDraft out;
    out.lies_in(scope("/subscriptions/S1"), management_group("inner"))
        .lies_in(management_group("Inner"), management_group("outer"))
        .lies_in(scope("/subscriptions/s2"), management_group("OUTER"));
    return out;
}

TEST(ManagementGroups, AssignmentsReachWhatLiesInThem) {
    struct Row {
        Scope assigned_at;
        std::string asked_at;
        bool allowed;
    };
    const auto inner = management_group("inner");
    const auto outer = management_group("outer");
    const Row table[] = {
        {inner, registry_scope, true},
        {inner, "/subscriptions/s1", true},
        {inner, inner.value(), true},
        {inner, outer.value(), false},
        {inner, "/subscriptions/s2", false},
        {inner, "/subscriptions/s10", false},
        {inner, "/", false},
        {outer, registry_scope, true},
        {outer, "/subscriptions/s2/resourceGroups/g", true},
        {outer, inner.value(), true},
        {outer, inner.value() + "/providers/Microsoft.Authorization/roleAssignments/a", true},
        {outer, outer.value(), true},
        {outer, "/subscriptions/s3", false},
        {outer, "/", false},
        {outer, management_group("outer2").value(), false},
        {management_group("INNER"), registry_scope, true},
        {management_group("other"), registry_scope, false},
        {scope("/"), registry_scope, true},
        {scope("/"), outer.value(), true},
        {scope("/subscriptions/s1"), inner.value(), false},
    };
    for (const auto& row : table) {
        auto policy = nested().assign(alice, built_in("AcrPull"), row.assigned_at).compile();
        EXPECT_EQ(allows(*policy, alice, pull, row.asked_at), row.allowed) << row.assigned_at.value() << " " << row.asked_at;
        EXPECT_EQ(policy->covers(row.assigned_at, scope(row.asked_at)), row.allowed)
            << row.assigned_at.value() << " " << row.asked_at;
        const auto explanation = policy->explain(alice, pull, scope(row.asked_at));
        EXPECT_THAT(verdicts(explanation), ElementsAre(row.allowed ? Verdict::granted : Verdict::scope_does_not_cover));
        EXPECT_EQ(policy->has_assignment_near(alice, scope(row.asked_at)),
                  row.allowed || policy->covers(scope(row.asked_at), row.assigned_at));
        EXPECT_THAT(policy->permissions_at(alice, scope(row.asked_at)), SizeIs(row.allowed ? 1 : 0));
    }
}

TEST(ManagementGroups, ScopesAboveAreAllOfThemNearestFirst) {
    auto policy = nested().compile();
    EXPECT_THAT(names(policy->scopes_above(scope(registry_scope))),
                ElementsAre(registry_scope, group_scope, "/subscriptions/s1", management_group("inner").value(),
                            management_group("outer").value(), "/"));
    EXPECT_THAT(names(policy->scopes_above(scope("/SubScriptions/s2"))),
                ElementsAre("/SubScriptions/s2", management_group("OUTER").value(), "/"));
    EXPECT_THAT(names(policy->scopes_above(management_group("inner"))),
                ElementsAre(management_group("inner").value(), management_group("outer").value(), "/"));
    EXPECT_THAT(names(policy->scopes_above(scope("/subscriptions/s3"))), ElementsAre("/subscriptions/s3", "/"));
    EXPECT_THAT(names(policy->scopes_above(scope("/"))), ElementsAre("/"));
}

TEST(ManagementGroups, ThoseNearerComeFirst) {
    auto policy = nested()
                      .assign(alice, "AcrPull", "/")
                      .assign(alice, built_in("AcrPull"), management_group("outer"))
                      .assign(alice, built_in("AcrPull"), management_group("inner"))
                      .compile();
    EXPECT_EQ(policy->decide(alice, pull, scope(registry_scope)).granted_by, &policy->assignments()[2]);
    EXPECT_EQ(policy->decide(alice, pull, scope("/subscriptions/s2")).granted_by, &policy->assignments()[1]);
    EXPECT_EQ(policy->decide(alice, pull, scope("/subscriptions/s3")).granted_by, &policy->assignments()[0]);
}

TEST(ManagementGroups, MayGoRoundInCircles) {
    PolicyDraft draft;
    draft.lies_in(management_group("a"), management_group("b"))
        .lies_in(management_group("b"), management_group("c"))
        .lies_in(management_group("c"), management_group("b"))
        .lies_in(management_group("self"), management_group("self"))
        .lies_in(scope("/subscriptions/s1"), management_group("a"))
        .lies_in(scope("/subscriptions/s2"), management_group("self"))
        .assign(alice, built_in("AcrPull"), management_group("c"))
        .assign(bob, built_in("AcrPull"), management_group("self"));
    auto policy = draft.compile();
    EXPECT_TRUE(allows(*policy, alice, pull, registry_scope));
    EXPECT_TRUE(allows(*policy, bob, pull, "/subscriptions/s2"));
    EXPECT_THAT(policy->scopes_above(scope("/subscriptions/s1")), SizeIs(5));
    EXPECT_THAT(names(policy->scopes_above(management_group("self"))), ElementsAre(management_group("self").value(), "/"));
}

TEST(ManagementGroups, WhatCannotBeAMembershipIsNotLookedAt) {
    PolicyDraft draft;
    draft.lies_in(scope(group_scope), management_group("a"))
        .lies_in(scope("/subscriptions/s1"), scope("/subscriptions/s2"))
        .lies_in(scope("/"), management_group("a"))
        .lies_in(scope("/subscriptions/s1"), management_group("first"))
        .lies_in(scope("/subscriptions/s1"), management_group("second"));
    auto policy = draft.compile();
    EXPECT_THAT(names(policy->scopes_above(scope(group_scope))),
                ElementsAre(group_scope, "/subscriptions/s1", management_group("first").value(), "/"));
    EXPECT_THAT(names(policy->scopes_above(scope("/"))), ElementsAre("/"));
}

TEST(ManagementGroups, AreFollowedSoFar) {
    PolicyDraft draft;
    draft.lies_in(scope("/subscriptions/s1"), management_group("g0"));
    for (std::size_t i = 0; i < 1000; ++i) {
        draft.lies_in(management_group(fmt::format("g{}", i)), management_group(fmt::format("g{}", i + 1)));
    }
    auto policy = draft.compile();
    EXPECT_THAT(policy->scopes_above(scope("/subscriptions/s1")), SizeIs(2 + ManagementGroups::most_nested));
}

} // namespace
} // namespace berth::rbac::testing
