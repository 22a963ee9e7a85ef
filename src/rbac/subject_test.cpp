// Links that come with the request: what they are members of, the principal is in.

#include "rbac/policy.hpp"
#include "rbac/testing/policy_draft.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace berth::rbac::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Operation pull = registry("pull/read");
const Operation push = registry("push/write");
const Guid link = id(21);       // to the team
const Guid other_link = id(22); // to the company

PolicyDraft linked() { return PolicyDraft().member(department, team).member(team, link).member(company, other_link); }

bool allows(const Policy& policy, const Guid& principal, const std::vector<Guid>& links, Operation operation = pull) {
    return policy.decide({principal, links}, operation, scope(registry_scope)).allowed;
}

TEST(Subject, HoldsWhatTheGroupsOfItsLinksHold) {
    auto policy = linked().assign(department, "AcrPull", registry_scope).compile();
    for (const auto& principal : {alice, id(99)}) {
        EXPECT_FALSE(allows(*policy, principal, {}));
        EXPECT_TRUE(allows(*policy, principal, {link})) << "through the group that the team is in";
        EXPECT_TRUE(allows(*policy, principal, {id(98), link, other_link, link}));
        EXPECT_FALSE(allows(*policy, principal, {other_link}));
        EXPECT_FALSE(allows(*policy, principal, {id(98)}));
        EXPECT_FALSE(allows(*policy, principal, {link}, push));
        EXPECT_FALSE(allows(*policy, principal, {})) << "nothing of another request's links stays";
    }
}

TEST(Subject, IsInNothingMoreOnceTheLinkIsGone) {
    auto before = linked().assign(department, "AcrPull", registry_scope).compile();
    EXPECT_TRUE(allows(*before, alice, {link}));
    PolicyInput input = before->input();
    std::erase_if(input.memberships, [](const GroupMembership& one) { return one.member == link; });
    auto after = Policy::compile(std::move(input), before.get());
    EXPECT_FALSE(allows(*after, alice, {link}));
}

TEST(Subject, IsDeniedWhatTheGroupsOfItsLinksAreDenied) {
    auto policy =
        linked().assign(alice, "Owner", "/").deny({{department, "Group"}}, {"*/pull/read"}, "/subscriptions/s1").compile();
    EXPECT_TRUE(allows(*policy, alice, {}));
    EXPECT_TRUE(allows(*policy, alice, {other_link}));
    EXPECT_FALSE(allows(*policy, alice, {link}));
    EXPECT_TRUE(allows(*policy, alice, {link}, push));
    const std::vector<Guid> links{link};
    EXPECT_FALSE(policy->may_be_allowed({alice, links}, pull, scope(registry_scope)));
    EXPECT_TRUE(policy->repositories_where({alice, links}, pull, scope(registry_scope)).empty());
    EXPECT_TRUE(policy->repositories_where(alice, pull, scope(registry_scope)).all);
}

TEST(Subject, IsExcludedWhereTheGroupsOfItsLinksAre) {
    auto policy = linked()
                      .assign(alice, "Owner", "/")
                      .deny({everyone}, {"*"}, "/")
                      .but([](DenyAssignment& deny) { deny.excluded_principals = {{department, "Group"}}; })
                      .compile();
    EXPECT_FALSE(allows(*policy, alice, {}));
    EXPECT_FALSE(allows(*policy, alice, {other_link}));
    EXPECT_TRUE(allows(*policy, alice, {link}));
}

TEST(Subject, HoldsNothingThatNamesItsLinks) {
    auto policy = linked()
                      .assign(link, "Owner", registry_scope)
                      .assign(alice, "AcrPull", registry_scope)
                      .deny({{link, "User"}}, {"*"}, registry_scope)
                      .compile();
    const std::vector<Guid> links{link};
    const auto at = scope(registry_scope);
    for (const auto& principal : {bob, id(99)}) {
        const Subject subject(principal, links);
        EXPECT_FALSE(policy->decide(subject, pull, at).allowed);
        EXPECT_FALSE(policy->may_be_allowed(subject, pull, at));
        EXPECT_TRUE(policy->repositories_where(subject, pull, at).empty());
        EXPECT_FALSE(policy->has_assignment_near(subject, at));
        EXPECT_THAT(policy->permissions_at(subject, at), IsEmpty());
        const auto told = policy->explain(subject, pull, at);
        EXPECT_THAT(told.considered, IsEmpty());
        EXPECT_THAT(told.denials, IsEmpty());
    }
    EXPECT_TRUE(policy->decide({alice, links}, pull, at).allowed) << "a denial that names a link denies nobody";
}

TEST(Subject, IsAskedAboutInEveryOtherWay) {
    auto policy = linked().assign(department, "AcrPull", registry_scope).compile();
    const std::vector<Guid> links{link};
    const Subject subject(alice, links);
    const auto at = scope(registry_scope);
    EXPECT_TRUE(policy->may_be_allowed(subject, pull, at));
    EXPECT_TRUE(policy->decide_without_conditions(subject, pull, at).allowed);
    EXPECT_TRUE(policy->repositories_where(subject, pull, at).all);
    EXPECT_TRUE(policy->has_assignment_near(subject, scope("/subscriptions/s1")));
    EXPECT_FALSE(policy->has_assignment_near(alice, scope("/subscriptions/s1")));
    EXPECT_THAT(policy->permissions_at(subject, at), SizeIs(1));
    EXPECT_THAT(policy->permissions_at(alice, at), IsEmpty());
}

TEST(Subject, IsExplainedThroughTheGroupsOfItsLinks) {
    auto policy = linked()
                      .assign(department, "AcrPull", registry_scope)
                      .deny({{team, "Group"}}, {"*/push/write"}, "/")
                      .deny({everyone}, {"*/delete"}, "/")
                      .compile();
    const std::vector<Guid> links{link};
    for (const auto& principal : {alice, id(99)}) {
        const auto told = policy->explain({principal, links}, pull, scope(registry_scope));
        EXPECT_TRUE(told.decision.allowed);
        ASSERT_THAT(told.considered, SizeIs(1));
        EXPECT_THAT(told.considered[0].through_groups, ElementsAre(team, department));
        ASSERT_THAT(told.denials, SizeIs(2));
        EXPECT_THAT(told.denials[0].through_groups, ElementsAre(team));
        EXPECT_THAT(told.denials[1].through_groups, IsEmpty());
    }
}

} // namespace
} // namespace berth::rbac::testing
