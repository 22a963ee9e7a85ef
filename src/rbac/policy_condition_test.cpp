// Conditions of assignments and of permission objects in the decisions of a policy. What a condition means is tested with
// the conditions.

#include "rbac/policy.hpp"
#include "rbac/testing/policy_draft.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace berth::rbac::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr auto reader = "Container Registry Repository Reader";
const Operation read = registry_data("repositories/content/read");
const Operation write = registry_data("repositories/content/write");
const auto at_registry = scope(registry_scope);

std::string name_is(std::string_view name) {
    return fmt::format("@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEquals '{}'", name);
}
std::string name_begins(std::string_view name) {
    return fmt::format("@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringStartsWith '{}'", name);
}
Permission data(std::string_view pattern, ConditionPointer under = {}) {
    return {.actions = {},
            .not_actions = {},
            .data_actions = {std::string(pattern)},
            .not_data_actions = {},
            .condition = std::move(under)};
}
bool reads(const Policy& policy, std::string_view repository, Operation operation = read) {
    return policy.decide(alice, operation, at_registry, {.repository = repository}).allowed;
}

TEST(PolicyConditions, OfAnAssignmentNarrowIt) {
    auto policy = PolicyDraft().assign(alice, reader, registry_scope).under(condition(name_is("app"))).compile();
    EXPECT_TRUE(reads(*policy, "app"));
    EXPECT_FALSE(reads(*policy, "apple"));
    EXPECT_FALSE(reads(*policy, ""));
    const auto refused = policy->decide(alice, read, at_registry, {.repository = "other"});
    EXPECT_EQ(refused.condition_not_met, &policy->assignments()[0]);
    EXPECT_EQ(policy->decide(alice, write, at_registry, {.repository = "app"}).condition_not_met, nullptr);
    EXPECT_EQ(policy->decide(alice, read, at_registry, {.repository = "app"}).condition_not_met, nullptr);
    EXPECT_THAT(verdicts(policy->explain(alice, read, at_registry, {.repository = "other"})),
                ElementsAre(Verdict::condition_not_met));
}

TEST(PolicyConditions, OneThatNeverHoldsGrantsNothing) {
    PolicyDraft draft;
    draft.assign(alice, reader, registry_scope).under(Condition::never("what is this"));
    auto policy = draft.compile();
    EXPECT_FALSE(reads(*policy, "app"));
    EXPECT_TRUE(policy->may_be_allowed(alice, read, at_registry));
    EXPECT_TRUE(policy->repositories_where(alice, read, at_registry).empty());
    // Another assignment without one, behind it, still grants.
    auto more = draft.assign(alice, reader, registry_scope).compile();
    const auto decision = more->decide(alice, read, at_registry);
    EXPECT_EQ(decision.granted_by, &more->assignments()[1]);
    EXPECT_EQ(decision.condition_not_met, nullptr);
}

TEST(PolicyConditions, AnUnconditionalAssignmentDefeatsAConditionalOne) {
    auto policy = PolicyDraft()
                      .assign(alice, reader, registry_scope)
                      .under(condition(name_is("app")))
                      .assign(alice, reader, "/")
                      .compile();
    EXPECT_TRUE(reads(*policy, "anything"));
    EXPECT_EQ(policy->decide(alice, read, at_registry, {.repository = "app"}).granted_by, &policy->assignments()[0]);
    EXPECT_EQ(policy->decide(alice, read, at_registry, {.repository = "else"}).granted_by, &policy->assignments()[1]);
    EXPECT_EQ(policy->repositories_where(alice, read, at_registry), NameSelection::everything());
}

TEST(PolicyConditions, OfPermissionObjectsNarrowThoseObjectsOnly) {
    auto policy = PolicyDraft()
                      .role(id(200), {data("*/content/read", condition(name_is("app"))), data("*/content/write"),
                                      data("*/content/*", condition(name_begins("team/")))})
                      .assign(alice, id(200), registry_scope)
                      .compile();
    const auto erase = registry_data("repositories/content/delete");
    EXPECT_TRUE(reads(*policy, "app"));
    EXPECT_TRUE(reads(*policy, "team/app"));
    EXPECT_FALSE(reads(*policy, "other"));
    EXPECT_TRUE(reads(*policy, "other", write)) << "the second object has no condition";
    EXPECT_FALSE(reads(*policy, "app", erase));
    EXPECT_TRUE(reads(*policy, "team/app", erase));
    EXPECT_THAT(verdicts(policy->explain(alice, read, at_registry, {.repository = "other"})),
                ElementsAre(Verdict::role_condition_not_met));
    EXPECT_EQ(policy->decide(alice, read, at_registry, {.repository = "other"}).condition_not_met, &policy->assignments()[0]);
    EXPECT_TRUE(policy->may_be_allowed(alice, erase, at_registry));
    EXPECT_FALSE(policy->may_be_allowed(alice, registry_data("catalog/read"), at_registry));
}

TEST(PolicyConditions, OfRoleAndAssignmentBothHaveToHold) {
    auto policy = PolicyDraft()
                      .role(id(200), {data("*/content/read", condition(name_begins("team/")))})
                      .assign(alice, id(200), registry_scope)
                      .under(condition(name_is("team/app")))
                      .compile();
    EXPECT_TRUE(reads(*policy, "team/app"));
    EXPECT_FALSE(reads(*policy, "team/other"));
    EXPECT_THAT(verdicts(policy->explain(alice, read, at_registry, {.repository = "team/other"})),
                ElementsAre(Verdict::condition_not_met));
    EXPECT_EQ(policy->repositories_where(alice, read, at_registry), NameSelection::name("team/app"));
    auto permissions = policy->permissions_at(alice, at_registry);
    ASSERT_THAT(permissions, SizeIs(1));
    EXPECT_EQ(permissions[0].condition->text(), fmt::format("(({}) AND ({}))", name_is("team/app"), name_begins("team/")));
    EXPECT_TRUE(permissions[0].condition->holds(read, {.repository = "team/app"}));
    EXPECT_FALSE(permissions[0].condition->holds(read, {.repository = "team/other"}));
}

// A role with a conditional part must not hide, nor be hidden by, what depends on nothing or on something else.
TEST(PolicyConditions, MakeNothingElseRedundant) {
    PolicyDraft draft;
    draft.role(id(200), {data("*/content/*", condition(name_is("one")))})
        .role(id(201), {data("*/content/read", condition(name_is("two")))})
        .role(id(202), {data("*/content/write")});
    draft.assign(alice, id(200), registry_scope).assign(alice, id(201), registry_scope).assign(alice, id(202), registry_scope);
    auto policy = draft.compile();
    EXPECT_TRUE(reads(*policy, "one"));
    EXPECT_TRUE(reads(*policy, "two"));
    EXPECT_FALSE(reads(*policy, "three"));
    EXPECT_TRUE(reads(*policy, "three", write));
}

TEST(PolicyConditions, RepositoriesAreTheUnionOfTheGrants) {
    PolicyDraft draft;
    draft.assign(alice, reader, registry_scope)
        .under(condition(name_is("tools/cli")))
        .member(team, alice)
        .assign(team, reader, group_scope)
        .under(condition(name_begins("team/")))
        .assign(alice, reader, other_registry)
        .assign(bob, reader, registry_scope);
    auto policy = draft.compile();
    EXPECT_EQ(policy->repositories_where(alice, read, at_registry),
              (NameSelection{.all = false, .names = {"tools/cli"}, .prefixes = {"team/"}}));
    EXPECT_EQ(policy->repositories_where(alice, read, scope(other_registry)), NameSelection::everything());
    EXPECT_TRUE(policy->repositories_where(alice, write, at_registry).empty());
    EXPECT_TRUE(policy->repositories_where(id(99), read, at_registry).empty());
    EXPECT_EQ(policy->repositories_where(bob, read, at_registry), NameSelection::everything());
}

TEST(PolicyConditions, DelegateTheAssigningOfSomeRoles) {
    const auto assign = Operation::known("Microsoft.Authorization/roleAssignments/write");
    const auto remove = Operation::known("Microsoft.Authorization/roleAssignments/delete");
    const auto text = fmt::format(
        "((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/write'}})) OR "
        "(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{0}}})) AND "
        "((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/delete'}})) OR "
        "(@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{0}}}))",
        built_in("AcrPull").value());
    auto policy = PolicyDraft()
                      .assign(alice, "Role Based Access Control Administrator", "/subscriptions/s1")
                      .under(condition(text))
                      .compile();
    const AssignmentAttributes puller{.role_definition = built_in("AcrPull"), .principal = bob, .principal_type = "User"};
    const AssignmentAttributes owner{.role_definition = built_in("Owner"), .principal = bob, .principal_type = "User"};
    EXPECT_TRUE(allows(*policy, alice, assign, registry_scope, {.requested_assignment = &puller}));
    EXPECT_FALSE(allows(*policy, alice, assign, registry_scope, {.requested_assignment = &owner}));
    EXPECT_FALSE(allows(*policy, alice, assign, registry_scope));
    EXPECT_TRUE(policy->may_be_allowed(alice, assign, at_registry)) << "some assignment could be made";
    EXPECT_TRUE(allows(*policy, alice, remove, registry_scope, {.existing_assignment = &puller}));
    EXPECT_FALSE(allows(*policy, alice, remove, registry_scope, {.existing_assignment = &owner}));
    EXPECT_FALSE(allows(*policy, alice, remove, registry_scope, {.requested_assignment = &puller}));
    EXPECT_TRUE(allows(*policy, alice, registry("read"), registry_scope)) << "actions that are not named pass";
    EXPECT_FALSE(policy->may_be_allowed(alice, assign, scope("/subscriptions/s2")));
}

TEST(PolicyConditions, AreListedWithThePermissions) {
    PolicyDraft draft;
    draft.role(id(200), {data("*/content/read", condition(name_is("a"))), data("*/content/write")})
        .assign(alice, id(200), registry_scope)
        .under(condition(name_begins("x")))
        .assign(alice, id(200), group_scope)
        .under(condition(name_begins("x")))
        .assign(alice, reader, "/subscriptions/s1");
    auto conditional = draft.compile()->permissions_at(alice, at_registry);
    ASSERT_THAT(conditional, SizeIs(3)) << "one role under one condition is one";
    EXPECT_EQ(conditional[1].condition->text(), name_begins("x"));
    EXPECT_EQ(conditional[2].condition, nullptr);
    // Assigned without a condition too: only the role's own conditions are left.
    auto whole = draft.assign(alice, id(200), "/").compile()->permissions_at(alice, at_registry);
    ASSERT_THAT(whole, SizeIs(3));
    EXPECT_EQ(whole[0], find_built_in_role(reader)->permissions[0]);
    EXPECT_EQ(whole[1].condition->text(), name_is("a"));
    EXPECT_EQ(whole[2].condition, nullptr);
    EXPECT_THAT(draft.compile()->permissions_at(bob, at_registry), IsEmpty());
}

} // namespace
} // namespace berth::rbac::testing
