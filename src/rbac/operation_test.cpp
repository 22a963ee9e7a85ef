#include "rbac/operation.hpp"

#include "rbac/built_in_catalog.hpp"
#include "rbac/operation_set.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace berth::rbac {
namespace {

TEST(Operation, FindsKnownNamesWithoutRegardToCase) {
    auto pull = Operation::find("MICROSOFT.containerregistry/Registries/pull/READ", false);
    ASSERT_TRUE(pull);
    EXPECT_EQ(pull->name(), "Microsoft.ContainerRegistry/registries/pull/read");
    EXPECT_FALSE(pull->is_data_action());
    EXPECT_EQ(Operation::at(pull->number()), *pull);
    EXPECT_EQ(Operation::known("Microsoft.ContainerRegistry/registries/pull/read"), *pull);
}

TEST(Operation, KeepsActionsAndDataActionsApart) {
    EXPECT_TRUE(Operation::find("Microsoft.ContainerRegistry/registries/catalog/read", true));
    EXPECT_FALSE(Operation::find("Microsoft.ContainerRegistry/registries/catalog/read", false));
    EXPECT_FALSE(Operation::find("Microsoft.ContainerRegistry/registries/pull/read", true));
}

TEST(Operation, DoesNotFindWhatNobodyKnows) {
    for (const auto& name : {std::string(), std::string("*"), std::string("Microsoft.ContainerRegistry/registries/pul/read"),
                             std::string("Microsoft.ContainerRegistry/registries/pull/read "),
                             std::string("Microsoft.ContainerRegistry/registries/pull/read\0", 49), std::string(100000, 'a')}) {
        EXPECT_FALSE(Operation::find(name, false)) << name;
        EXPECT_FALSE(Operation::find(name, true)) << name;
    }
}

TEST(OperationDeathTest, AMisspelledNameInTheProgramEndsIt) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(Operation::known("Microsoft.ContainerRegistry/registries/pull"), "lacks");
}

TEST(Operation, TheTableHasTheProvidersOperationsAndThoseAroundThem) {
    std::set<std::pair<bool, std::string>> names;
    std::size_t registry = 0;
    std::size_t data_actions = 0;
    for (std::size_t i = 0; i < Operation::count(); ++i) {
        auto operation = Operation::at(i);
        EXPECT_EQ(operation.number(), i);
        EXPECT_TRUE(names.emplace(operation.is_data_action(), operation.name()).second) << operation.name();
        EXPECT_EQ(Operation::find(operation.name(), operation.is_data_action()), operation);
        if (operation.name().starts_with("Microsoft.ContainerRegistry/")) ++registry;
        if (operation.is_data_action()) ++data_actions;
    }
    EXPECT_EQ(registry, 128U); // as the provider lists them
    EXPECT_EQ(data_actions, 14U);
    for (const auto* name : {"Microsoft.Authorization/roleAssignments/read",
                             "Microsoft.Authorization/roleAssignments/write",
                             "Microsoft.Authorization/roleAssignments/delete",
                             "Microsoft.Authorization/roleDefinitions/read",
                             "Microsoft.Authorization/roleDefinitions/write",
                             "Microsoft.Authorization/roleDefinitions/delete",
                             "Microsoft.Authorization/permissions/read",
                             "Microsoft.Authorization/providerOperations/read",
                             "Microsoft.Authorization/denyAssignments/read",
                             "Microsoft.Authorization/denyAssignments/write",
                             "Microsoft.Authorization/denyAssignments/delete",
                             "Microsoft.Authorization/elevateAccess/action",
                             "Microsoft.Management/managementGroups/read",
                             "Microsoft.Resources/subscriptions/read",
                             "Microsoft.Resources/subscriptions/resourceGroups/read",
                             "Microsoft.Resources/subscriptions/resourceGroups/write",
                             "Microsoft.Resources/subscriptions/resourceGroups/delete",
                             "Microsoft.Resources/subscriptions/resources/read",
                             "Microsoft.Resources/subscriptions/locations/read",
                             "Microsoft.Resources/subscriptions/providers/read",
                             "Microsoft.ContainerRegistry/register/action",
                             "Microsoft.Management/register/action",
                             "Microsoft.Resources/tenants/read",
                             "Microsoft.Resources/deployments/read",
                             "Microsoft.Resources/deployments/write",
                             "Microsoft.Resources/deployments/delete"}) {
        EXPECT_TRUE(Operation::find(name, false)) << name;
    }
}

struct MatchCase {
    const char* pattern;
    const char* name;
    bool matches;
};

class MatchesAction : public testing::TestWithParam<MatchCase> {};

TEST_P(MatchesAction, AsAzureDoes) {
    EXPECT_EQ(matches_action(GetParam().pattern, GetParam().name), GetParam().matches)
        << GetParam().pattern << " against " << GetParam().name;
}

constexpr auto pull = "Microsoft.ContainerRegistry/registries/pull/read";

INSTANTIATE_TEST_SUITE_P(
    Table, MatchesAction,
    testing::Values(
        // Azure's documented examples.
        MatchCase{"*/read", pull, true}, MatchCase{"*/read", "Microsoft.ContainerRegistry/registries/push/write", false},
        MatchCase{"Microsoft.Authorization/*/Write", "microsoft.authorization/roleassignments/write", true},
        MatchCase{"Microsoft.Authorization/*/Write", "Microsoft.Authorization/roleAssignments/read", false},
        MatchCase{"Microsoft.CostManagement/exports/*", "Microsoft.CostManagement/exports/run/action", true},
        MatchCase{"Microsoft.CostManagement/exports/*", "Microsoft.CostManagement/exports/read", true},
        MatchCase{"Microsoft.CostManagement/exports/*", "Microsoft.CostManagement/exports", false}, MatchCase{"*", pull, true},
        MatchCase{"*", "", true},
        // No regard to case.
        MatchCase{"MICROSOFT.CONTAINERREGISTRY/REGISTRIES/PULL/READ", pull, true},
        MatchCase{pull, "microsoft.containerregistry/registries/PULL/read", true},
        // Anchored at both ends.
        MatchCase{pull, pull, true}, MatchCase{"Microsoft.ContainerRegistry/registries/pull", pull, false},
        MatchCase{"registries/pull/read", pull, false},
        MatchCase{"Microsoft.ContainerRegistry/registries/pull/read/x", pull, false}, MatchCase{"*/pull", pull, false},
        MatchCase{"Container*", pull, false}, MatchCase{"", pull, false}, MatchCase{"", "", true}, MatchCase{"a", "", false},
        // A star is any run, nothing and slashes included, also inside a word.
        MatchCase{"Microsoft.ContainerRegistry/*/read", pull, true},
        MatchCase{"Microsoft.ContainerRegistry/registries/*/read", pull, true},
        MatchCase{"Microsoft.ContainerRegistry/registries/pull/read*", pull, true},
        MatchCase{"*Microsoft.ContainerRegistry/registries/pull/read", pull, true},
        MatchCase{"Microsoft.Container*/pull/read", pull, true},
        MatchCase{"Microsoft.ContainerRegistry/registries/pu*ll/read", pull, true},
        MatchCase{"Microsoft.ContainerRegistry/registries/*/read", "Microsoft.ContainerRegistry/registries/read", false},
        // What stands before and after a star may not overlap.
        MatchCase{"ab*ba", "aba", false}, MatchCase{"ab*ba", "abba", true}, MatchCase{"a*a", "a", false},
        MatchCase{"a*a", "aa", true},
        // Other characters mean themselves.
        MatchCase{"Microsoft?ContainerRegistry/registries/pull/read", pull, false}, MatchCase{"a.c", "abc", false},
        // Several stars (built-in roles and stored data have none, the matcher does not mind).
        MatchCase{"*/registries/*/read", pull, true}, MatchCase{"*/*/*/*", pull, true}, MatchCase{"*/*/*/*/*", pull, false},
        MatchCase{"**", pull, true}, MatchCase{"*a*b*c*", "xxaxxbxxcxx", true}, MatchCase{"*a*b*c*", "xxcxxbxxaxx", false},
        MatchCase{"*ab*ab", "abab", true}, MatchCase{"*ab*ab", "ab", false}, MatchCase{"*ab", "aab", true},
        MatchCase{"a*b*", "ab", true}, MatchCase{"a*bc*c", "abcc", true}, MatchCase{"a*bc*c", "abc", false}));

TEST(MatchesAction, IsNeverExponential) {
    std::string pattern;
    for (int i = 0; i < 200; ++i) pattern += "*a";
    EXPECT_FALSE(matches_action(pattern + "b", std::string(20000, 'a')));
}

TEST(OperationsMatching, AgreesWithTheMatcherOnEveryOperation) {
    std::vector<std::string> patterns{"*",
                                      "**",
                                      "",
                                      "*/read",
                                      "*/",
                                      "/*",
                                      "microsoft.*",
                                      "Microsoft.ContainerRegistry/*",
                                      "Microsoft.ContainerRegistry/registries/re*",
                                      "*/registries/*/read",
                                      "zzz*",
                                      "*zzz",
                                      "Microsoft.Resources/deployments/*",
                                      "Microsoft.Authorization/*/Delete",
                                      "Ä*"};
    for (std::size_t i = 0; i < Operation::count(); ++i) {
        std::string name(Operation::at(i).name());
        patterns.push_back(name);
        patterns.push_back(name.substr(0, name.size() / 2) + "*");
        patterns.push_back("*" + name.substr(name.size() / 2));
        patterns.push_back(name.substr(0, name.size() / 3) + "*" + name.substr(name.size() / 2));
    }
    for (const auto& pattern : patterns) {
        for (bool data_actions : {false, true}) {
            auto set = operations_matching(pattern, data_actions);
            for (std::size_t i = 0; i < Operation::count(); ++i) {
                auto operation = Operation::at(i);
                ASSERT_EQ(set.contains(operation),
                          operation.is_data_action() == data_actions && matches_operation(pattern, operation))
                    << pattern << " " << operation.name();
            }
        }
    }
}

// Azure's Managed Identity Operator reads and assigns identities by patterns that have a `*` where the identity's name goes.
TEST(OperationSet, APatternMayPutAStarForTheNameOfAnIdentity) {
    const auto assign = Operation::known("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action");
    const auto read = Operation::known("Microsoft.ManagedIdentity/userAssignedIdentities/read");
    const struct {
        std::string_view pattern;
        bool assigns;
        bool reads;
    } rows[] = {
        {"Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action", true, false},
        {"microsoft.managedidentity/USERASSIGNEDIDENTITIES/*/ASSIGN/action", true, false},
        {"Microsoft.ManagedIdentity/userAssignedIdentities/*/read", false, true},
        {"Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", true, false},
        {"Microsoft.ManagedIdentity/userAssignedIdentities/{name}/assign/action", false, false},
        {"Microsoft.ManagedIdentity/userAssignedIdentities/*/write", false, false},
        {"Microsoft.ManagedIdentity/userAssignedIdentities/*/assign", false, false},
        {"Microsoft.ManagedIdentity/userAssignedIdentities/*/x/assign/action", false, false},
        {"Microsoft.ManagedIdentity/*/*/read", false, true},
    };
    for (const auto& row : rows) {
        const auto set = operations_matching(row.pattern, false);
        EXPECT_EQ(set.contains(assign), row.assigns) << row.pattern;
        EXPECT_EQ(set.contains(read), row.reads) << row.pattern;
        EXPECT_TRUE(operations_matching(row.pattern, true).empty()) << row.pattern;
    }
    const auto* operator_role = find_built_in_role("Managed Identity Operator");
    ASSERT_NE(operator_role, nullptr);
    const auto granted = operations_of(*operator_role);
    EXPECT_TRUE(granted.contains(assign));
    EXPECT_TRUE(granted.contains(read));
    for (const auto* name :
         {"Microsoft.ManagedIdentity/userAssignedIdentities/write", "Microsoft.ManagedIdentity/userAssignedIdentities/delete",
          "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write"}) {
        EXPECT_FALSE(granted.contains(Operation::known(name))) << name;
    }
}

// Everywhere else the slashes around a `*` are two.
TEST(OperationSet, AStarBetweenSlashesTakesNoOtherOperationsInThatLackOne) {
    const auto set = operations_matching("Microsoft.ContainerRegistry/registries/*/read", false);
    EXPECT_FALSE(set.contains(Operation::known("Microsoft.ContainerRegistry/registries/read")));
    EXPECT_TRUE(set.contains(Operation::known("Microsoft.ContainerRegistry/registries/pull/read")));
    const auto groups = operations_matching("Microsoft.Resources/subscriptions/*/resourceGroups/read", false);
    EXPECT_FALSE(groups.contains(Operation::known("Microsoft.Resources/subscriptions/resourceGroups/read")));
}

TEST(OperationSet, IsASet) {
    auto first = Operation::at(0);
    auto last = Operation::at(Operation::count() - 1);
    OperationSet set;
    EXPECT_TRUE(set.empty());
    EXPECT_TRUE(set.includes(OperationSet{}));
    set.insert(last);
    EXPECT_TRUE(set.contains(last));
    EXPECT_FALSE(set.contains(first));
    EXPECT_EQ(set.size(), 1U);
    OperationSet both = set;
    both.insert(first);
    EXPECT_TRUE(both.includes(set));
    EXPECT_FALSE(set.includes(both));
    EXPECT_EQ((both -= set).size(), 1U);
    EXPECT_TRUE(both.contains(first));
    EXPECT_EQ((both |= set).size(), 2U);
}

} // namespace
} // namespace berth::rbac
