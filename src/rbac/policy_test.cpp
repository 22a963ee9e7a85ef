#include "rbac/policy.hpp"

#include "base/strict_json.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace berth::rbac {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

Guid id(std::size_t number) { return *Guid::parse(fmt::format("00000000-0000-4000-8000-{:012}", number)); }
Scope scope(std::string_view text) { return *Scope::parse(text); }
Operation registry(std::string_view name) {
    return Operation::known(fmt::format("Microsoft.ContainerRegistry/registries/{}", name));
}
Operation registry_data(std::string_view name) {
    return Operation::known(fmt::format("Microsoft.ContainerRegistry/registries/{}", name), true);
}

const Guid alice = id(1);
const Guid bob = id(2);
const Guid team = id(11);
const Guid department = id(12);
const Guid company = id(13);

constexpr auto group_scope = "/subscriptions/s1/resourceGroups/rg1";
constexpr auto registry_scope = "/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.ContainerRegistry/registries/one";
constexpr auto other_registry = "/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.ContainerRegistry/registries/two";

Guid built_in(std::string_view name) { return find_built_in_role(name)->id; }

// A policy written down step by step.
class Draft {
public:
    Draft& assign(const Guid& principal, const Guid& role, std::string_view at) {
        auto number = 1000 + input.assignments.size();
        input.assignments.push_back({.id = id(number),
                                     .scope = scope(at),
                                     .role_definition = role,
                                     .principal = principal,
                                     .principal_type = "User",
                                     .condition = {},
                                     .description = {},
                                     .created_at = {},
                                     .created_by = {},
                                     .updated_at = {},
                                     .updated_by = {}});
        return *this;
    }
    Draft& assign(const Guid& principal, std::string_view role, std::string_view at) {
        return assign(principal, built_in(role), at);
    }
    Draft& under_condition(std::string_view condition) {
        input.assignments.edit(input.assignments.size() - 1,
                               [&](RoleAssignment& last) { last.condition = Condition::never(condition); });
        return *this;
    }
    Draft& member(const Guid& group, const Guid& member) {
        input.memberships.push_back({group, member});
        return *this;
    }
    Draft& role(const Guid& role_id, std::vector<Permission> permissions) {
        input.custom_roles.push_back({.id = role_id,
                                      .name = "custom",
                                      .built_in = false,
                                      .description = {},
                                      .permissions = std::move(permissions),
                                      .assignable_scopes = {},
                                      .created_at = {},
                                      .created_by = {},
                                      .updated_at = {},
                                      .updated_by = {}});
        return *this;
    }
    std::shared_ptr<const Policy> compile() const { return Policy::compile(input); }

    PolicyInput input;
};

bool allows(const Policy& policy, const Guid& principal, Operation operation, std::string_view at) {
    return policy.decide(principal, operation, scope(at)).allowed;
}

std::vector<Verdict> verdicts(const Explanation& explanation) {
    std::vector<Verdict> out;
    for (const auto& each : explanation.considered) out.push_back(each.verdict);
    return out;
}

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
        auto policy = Draft().assign(alice, "AcrPull", row.assigned_at).compile();
        EXPECT_EQ(allows(*policy, alice, registry("pull/read"), row.asked_at), row.allowed)
            << row.assigned_at << " for " << row.asked_at;
        EXPECT_FALSE(allows(*policy, alice, registry("push/write"), row.asked_at));
        EXPECT_FALSE(allows(*policy, bob, registry("pull/read"), row.asked_at));
    }
}

TEST(Policy, ActionsNeverGrantDataActions) {
    auto policy = Draft()
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
    Draft draft;
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
    auto policy = Draft()
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
    auto policy = Draft()
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
    auto below = Draft().member(team, alice).member(department, team).assign(team, "AcrPull", "/").compile();
    EXPECT_FALSE(allows(*below, department, registry("pull/read"), registry_scope));
}

TEST(Policy, GroupsMayGoRoundInCircles) {
    auto policy = Draft()
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
    Draft draft;
    constexpr std::size_t depth = 20000;
    draft.member(id(100), alice);
    for (std::size_t i = 0; i < depth; ++i) draft.member(id(100 + i + 1), id(100 + i));
    auto policy = draft.assign(id(100 + depth), "AcrPull", "/").compile();
    EXPECT_TRUE(allows(*policy, alice, registry("pull/read"), registry_scope));
}

TEST(Policy, AConditionGrantsNothing) {
    constexpr auto condition =
        "@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'app'";
    Draft draft;
    draft.assign(alice, "Container Registry Repository Reader", registry_scope).under_condition(condition);
    auto policy = draft.compile();
    auto read = registry_data("repositories/content/read");
    EXPECT_FALSE(policy->decide(alice, read, scope(registry_scope), {.repository = "app"}).allowed);
    EXPECT_THAT(verdicts(policy->explain(alice, read, scope(registry_scope), {.repository = "app"})),
                ElementsAre(Verdict::condition_not_met));
    EXPECT_EQ(policy->decide(alice, read, scope(registry_scope)).condition_not_met, &policy->assignments()[0]);
    EXPECT_TRUE(policy->may_be_allowed(alice, read, scope(registry_scope)));
    ASSERT_THAT(policy->permissions_at(alice, scope(registry_scope)), SizeIs(1));
    EXPECT_EQ(policy->permissions_at(alice, scope(registry_scope))[0].condition->text(), condition);
    // Also an empty one, and also before an assignment without one that grants.
    draft.under_condition("");
    EXPECT_FALSE(draft.compile()->decide(alice, read, scope(registry_scope)).allowed);
    auto more = draft.assign(alice, "Container Registry Repository Reader", registry_scope).compile();
    auto decision = more->decide(alice, read, scope(registry_scope));
    EXPECT_TRUE(decision.allowed);
    EXPECT_EQ(decision.granted_by, &more->assignments()[1]);
}

TEST(Policy, AnUnknownRoleGrantsNothing) {
    auto policy = Draft().assign(alice, id(999), "/").compile();
    EXPECT_FALSE(allows(*policy, alice, registry("pull/read"), registry_scope));
    auto explanation = policy->explain(alice, registry("pull/read"), scope(registry_scope));
    EXPECT_THAT(verdicts(explanation), ElementsAre(Verdict::role_unknown));
    EXPECT_EQ(explanation.considered[0].role, nullptr);
    EXPECT_THAT(policy->permissions_at(alice, scope(registry_scope)), IsEmpty());
    EXPECT_TRUE(policy->has_assignment_near(alice, scope(registry_scope)));
}

TEST(Policy, ACustomRoleCannotStandInForABuiltInOne) {
    Draft draft;
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
    auto policy = Draft()
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

TEST(Policy, ExplainSaysWhatItLookedAtNearestFirst) {
    auto policy = Draft()
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

TEST(Policy, ExplainAlsoShowsWhatADecisionNeedNotLookAt) {
    // All four grant the same; one is enough to decide.
    auto policy = Draft()
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

TEST(Policy, AnAssignmentNearbyShowsASubscription) {
    auto policy = Draft().assign(alice, "AcrPull", registry_scope).member(team, bob).assign(team, "Reader", "/").compile();
    EXPECT_TRUE(policy->has_assignment_near(alice, scope("/subscriptions/s1")));
    EXPECT_TRUE(policy->has_assignment_near(alice, scope(registry_scope)));
    EXPECT_TRUE(policy->has_assignment_near(alice, scope("/")));
    EXPECT_FALSE(policy->has_assignment_near(alice, scope("/subscriptions/s2")));
    EXPECT_FALSE(policy->has_assignment_near(alice, scope(other_registry)));
    EXPECT_TRUE(policy->has_assignment_near(bob, scope("/subscriptions/s2")));
    EXPECT_FALSE(policy->has_assignment_near(id(99), scope("/")));
}

TEST(Policy, PermissionsAreThoseOfEachRoleOnce) {
    auto policy = Draft()
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
    auto policy = Draft()
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
    Draft draft;
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
} // namespace berth::rbac
