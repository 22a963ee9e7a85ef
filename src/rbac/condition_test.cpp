#include "rbac/condition.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace berth::rbac {
namespace {

Operation data_action(std::string_view name) {
    return Operation::known(fmt::format("Microsoft.ContainerRegistry/registries/{}", name), true);
}
Operation assignments(std::string_view verb) {
    return Operation::known(fmt::format("Microsoft.Authorization/roleAssignments/{}", verb));
}

ConditionPointer parse(const std::string& text) {
    auto condition = Condition::parse(text);
    if (!condition) {
        ADD_FAILURE() << condition.error().message << "\n" << text;
        return Condition::never(text);
    }
    return *condition;
}

constexpr auto name = "@Request[Microsoft.ContainerRegistry/registries/repositories:name]";
constexpr auto yes = "(1 NumericEquals 1)";
constexpr auto no = "(1 NumericEquals 2)";

// How AND, OR, NOT and parentheses work together. The terms are constants, attributes that are there and that are not, so
// that every way through a condition is taken.
struct LogicCase {
    const char* text; // 1 and 0 are true and false
    bool outcome;
};

class Logic : public testing::TestWithParam<LogicCase> {};

std::string spelled(std::string_view text, const char* true_term, const char* false_term) {
    std::string out;
    for (char c : text) {
        if (c == '1') {
            out += true_term;
        } else if (c == '0') {
            out += false_term;
        } else {
            out += c;
        }
    }
    return out;
}

TEST_P(Logic, IsThatOfBooleanAlgebra) {
    const Attributes request{.repository = "app"};
    const auto operation = data_action("repositories/content/read");
    const std::pair<const char*, const char*> terms[] = {
        {yes, no},
        {"Exists @Request[Microsoft.ContainerRegistry/registries/repositories:name]", "Exists @Request[a]"},
        {"@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEquals 'app'",
         "@Request[a] StringEquals 'a'"},
        {"ActionMatches{'*'}", "ActionMatches{'*/write'}"},
        {"ActionMatches{'*'}", "SubOperationMatches{'Blob.List'}"}};
    for (const auto& [true_term, false_term] : terms) {
        const auto text = spelled(GetParam().text, true_term, false_term);
        EXPECT_EQ(parse(text)->holds(operation, request), GetParam().outcome) << text;
        EXPECT_EQ(parse("NOT (" + text + ")")->holds(operation, request), !GetParam().outcome) << text;
    }
}

INSTANTIATE_TEST_SUITE_P(Table, Logic,
                         testing::Values(LogicCase{"1", true}, LogicCase{"0", false}, LogicCase{"NOT 1", false},
                                         LogicCase{"!0", true}, LogicCase{"!!1", true}, LogicCase{"1 AND 1", true},
                                         LogicCase{"1 AND 0", false}, LogicCase{"0 && 1", false}, LogicCase{"0 AND 0", false},
                                         LogicCase{"1 OR 0", true}, LogicCase{"0 || 1", true}, LogicCase{"0 OR 0", false},
                                         LogicCase{"1 AND 1 AND 1", true}, LogicCase{"1 AND 1 AND 0", false},
                                         LogicCase{"0 OR 0 OR 1", true}, LogicCase{"0 OR 0 OR 0", false},
                                         // NOT binds to the next term alone.
                                         LogicCase{"NOT 0 AND 0", false}, LogicCase{"!1 OR 1", true},
                                         LogicCase{"NOT (0 AND 0)", true}, LogicCase{"NOT (1 OR 1)", false},
                                         // Parentheses say what comes first.
                                         LogicCase{"(0 AND 0) OR 1", true}, LogicCase{"0 AND (0 OR 1)", false},
                                         LogicCase{"(1 OR 1) AND 0", false}, LogicCase{"1 OR (1 AND 0)", true},
                                         LogicCase{"!(1 AND !(0 OR !1))", false}, LogicCase{"(1 AND (0 OR (1 AND 1)))", true},
                                         LogicCase{"!(0 OR 0) AND !(0 AND 1) AND (0 OR !0)", true}));

// Where each attribute comes from.
TEST(Condition, AsksTheAttributesOfTheirSource) {
    const auto role = *Guid::parse("7f951dda-4ed3-4680-a7ca-43fe172d538d");
    const auto other_role = *Guid::parse("8e3af657-a8ff-443c-a75c-2fe8c4bcb635");
    const auto principal = *Guid::parse("28c35fea-2099-4cf5-8ad9-473547bc9423");
    const AssignmentAttributes requested{.role_definition = role, .principal = principal, .principal_type = "Group"};
    const AssignmentAttributes existing{.role_definition = other_role, .principal = principal, .principal_type = "User"};
    const std::vector<SecurityAttribute> security{{.name = "Engineering_Project", .values = {"Baker", "Cascade"}}};
    const Attributes nothing;
    const Attributes repository{.repository = "team/app"};
    const Attributes writes{.requested_assignment = &requested};
    const Attributes deletes{.existing_assignment = &existing};
    const Attributes of_principal{.principal = security};
    const Attributes at_a_time{.now = *parse_rfc3339("2026-11-22T12:00:00Z")};
    const struct {
        std::string text;
        const Attributes& there; // where it holds; nowhere else
    } cases[] = {
        {"@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEquals 'team/app'", repository},
        {"@Resource[Microsoft.ContainerRegistry/registries/repositories:name] StringEquals 'team/app'", repository},
        {"@REQUEST[MICROSOFT.CONTAINERREGISTRY/registries/repositories:NAME] StringEquals 'team/app'", repository},
        {"Exists @Request[Microsoft.ContainerRegistry/registries/repositories:name]", repository},
        {"Exists @Resource[Microsoft.ContainerRegistry/registries/repositories:name]", repository},
        {fmt::format("@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] GuidEquals {}", role.value()), writes},
        {fmt::format("@Request[Microsoft.Authorization/roleAssignments:PrincipalId] GuidEquals {}", principal.value()), writes},
        {"@Request[Microsoft.Authorization/roleAssignments:PrincipalType] StringEqualsIgnoreCase 'group'", writes},
        {"Exists @Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId]", writes},
        {"Exists @Request[Microsoft.Authorization/roleAssignments:PrincipalId]", writes},
        {"Exists @Request[Microsoft.Authorization/roleAssignments:PrincipalType]", writes},
        {fmt::format("@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] GuidEquals {}", other_role.value()),
         deletes},
        {fmt::format("@Resource[Microsoft.Authorization/roleAssignments:PrincipalId] GuidEquals {}", principal.value()),
         deletes},
        {"@Resource[Microsoft.Authorization/roleAssignments:PrincipalType] StringEqualsIgnoreCase 'user'", deletes},
        {"Exists @Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId]", deletes},
        {"Exists @Resource[Microsoft.Authorization/roleAssignments:PrincipalId]", deletes},
        {"Exists @Resource[Microsoft.Authorization/roleAssignments:PrincipalType]", deletes},
        {"@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Engineering_Project] ForAnyOfAnyValues:StringEquals "
         "{'Cascade'}",
         of_principal},
        {"Exists @Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Engineering_Project]", of_principal},
        {"@Environment[UtcNow] DateTimeGreaterThan '2026-11-22T11:59:59.0Z' AND @Environment[UtcNow] DateTimeLessThan "
         "'2026-11-22T13:00:01.0+01:00'",
         at_a_time},
        {"@Environment[UtcNow] DateTimeEquals '2026-11-22T12:00:00Z'", at_a_time},
        {"Exists @Environment[UtcNow]", at_a_time},
    };
    const Attributes* const everything[] = {&nothing, &repository, &writes, &deletes, &of_principal, &at_a_time};
    for (const auto& each : cases) {
        const auto condition = parse(each.text);
        for (const auto* request : everything) {
            EXPECT_EQ(condition->holds(Operation::at(0), *request), request == &each.there) << each.text;
        }
    }
    // What no request has: a wrong source, what berth does not know, what needs a private network.
    for (const auto* text : {"Exists @Principal[Microsoft.ContainerRegistry/registries/repositories:name]",
                             "Exists @Environment[Microsoft.Authorization/roleAssignments:PrincipalId]",
                             "Exists @Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name]",
                             "Exists @Request[Microsoft.Directory/CustomSecurityAttributes/Id:Engineering_Project]",
                             "Exists @Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Engineering_Other]",
                             "Exists @Environment[isPrivateLink]", "Exists @Environment[Microsoft.Network/privateEndpoints]",
                             "Exists @Environment[Microsoft.Network/virtualNetworks/subnets]"}) {
        for (const auto* request : everything) EXPECT_FALSE(parse(text)->holds(Operation::at(0), *request)) << text;
    }
}

TEST(Condition, MatchesActionsAsRolesDo) {
    const auto read = data_action("repositories/content/read");
    const auto pull = Operation::known("Microsoft.ContainerRegistry/registries/pull/read");
    const struct {
        const char* pattern;
        bool matches_read;
        bool matches_pull;
    } cases[] = {
        {"Microsoft.ContainerRegistry/registries/repositories/content/read", true, false},
        {"MICROSOFT.containerregistry/registries/REPOSITORIES/content/read", true, false},
        {"Microsoft.ContainerRegistry/registries/repositories/*", true, false},
        {"Microsoft.ContainerRegistry/*/read", true, true},
        {"Microsoft.ContainerRegistry/registries/*/read", true, true},
        {"Microsoft.*/pull/*", false, true},
        {"*", true, true},
        {"*/write", false, false},
        {"Microsoft.ContainerRegistry/registries/repositories/content/rea", false, false},
        {"Microsoft.Unknown/things/read", false, false},
    };
    for (const auto& each : cases) {
        const auto condition = parse(fmt::format("ActionMatches{{'{}'}}", each.pattern));
        EXPECT_EQ(condition->holds(read, {}), each.matches_read) << each.pattern;
        EXPECT_EQ(condition->holds(pull, {}), each.matches_pull) << each.pattern;
    }
    EXPECT_FALSE(parse("SubOperationMatches{'Blob.List'}")->holds(read, {}));
    EXPECT_TRUE(parse("!(ActionMatches{'*'} AND SubOperationMatches{'Blob.List'})")->holds(read, {}));
}

// The example of the registry's documentation.
TEST(Condition, OfOneRepository) {
    const auto condition = parse("((!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'}) AND "
                                 "!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/metadata/read'})) OR "
                                 "(@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase "
                                 "'hello-world'))");
    for (const auto* operation : {"repositories/content/read", "repositories/metadata/read"}) {
        EXPECT_TRUE(condition->holds(data_action(operation), {.repository = "hello-world"})) << operation;
        EXPECT_FALSE(condition->holds(data_action(operation), {.repository = "hello"})) << operation;
        EXPECT_FALSE(condition->holds(data_action(operation), {.repository = "hello-world/x"})) << operation;
        EXPECT_FALSE(condition->holds(data_action(operation), {})) << operation;
    }
    // Operations that it does not name pass.
    EXPECT_TRUE(condition->holds(data_action("repositories/content/write"), {.repository = "other"}));
    EXPECT_TRUE(condition->holds(data_action("catalog/read"), {}));
}

TEST(Condition, OfAPrefix) {
    const auto condition = parse("((!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/*'})) OR "
                                 "(@Request[Microsoft.ContainerRegistry/registries/repositories:name] "
                                 "StringStartsWithIgnoreCase 'backend'))");
    const auto read = data_action("repositories/content/read");
    EXPECT_TRUE(condition->holds(read, {.repository = "backend"}));
    EXPECT_TRUE(condition->holds(read, {.repository = "backend/x"}));
    EXPECT_TRUE(condition->holds(read, {.repository = "backend-infra/x"})); // a slash at the end is the author's job
    EXPECT_FALSE(condition->holds(read, {.repository = "frontend/x"}));
    EXPECT_TRUE(condition->holds(data_action("catalog/read"), {}));
}

// Delegation: what a Role Based Access Control Administrator may assign and take away, as the portal writes it.
constexpr auto acr_pull = "7f951dda-4ed3-4680-a7ca-43fe172d538d";
constexpr auto acr_push = "8311e382-0749-4cb8-b61a-304f252e45ec";
constexpr auto owner = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
constexpr auto marketing = "28c35fea-2099-4cf5-8ad9-473547bc9423";
constexpr auto sales = "86951b8b-723a-407b-a74a-1bca3f0c95d0";
constexpr auto somebody = "3c9f8a52-5b8c-4c4e-9b1f-52f7d2a3c110";

// The two halves, one an action; `extra` is a further line of each, of the source in its place.
std::string delegation(std::string_view test, std::string_view extra = "") {
    std::string out;
    for (const auto& [action, source] : {std::pair{"write", "Request"}, std::pair{"delete", "Resource"}}) {
        out += fmt::format("{}(\n (\n  !(ActionMatches{{'Microsoft.Authorization/roleAssignments/{}'}})\n )\n OR \n (\n"
                           "  @{}[Microsoft.Authorization/roleAssignments:RoleDefinitionId] {}\n",
                           out.empty() ? "" : "\nAND\n", action, source, test);
        if (!extra.empty()) out += fmt::format("  AND\n  @{}[Microsoft.Authorization/roleAssignments:{}\n", source, extra);
        out += " )\n)";
    }
    return out;
}

struct Assignment {
    const char* role;
    const char* principal;
    const char* type;
    bool allowed;
};

struct DelegationCase {
    const char* template_name;
    std::string text;
    std::vector<Assignment> assignments;
};

class Delegation : public testing::TestWithParam<DelegationCase> {};

TEST_P(Delegation, DecidesWritesAndDeletes) {
    const auto condition = parse(GetParam().text);
    for (const auto& each : GetParam().assignments) {
        const AssignmentAttributes assignment{
            .role_definition = *Guid::parse(each.role), .principal = *Guid::parse(each.principal), .principal_type = each.type};
        const auto said = fmt::format("{} {} {} {}", GetParam().template_name, each.role, each.principal, each.type);
        EXPECT_EQ(condition->holds(assignments("write"), {.requested_assignment = &assignment}), each.allowed) << said;
        EXPECT_EQ(condition->holds(assignments("delete"), {.existing_assignment = &assignment}), each.allowed) << said;
        // The wrong side, or none: refused.
        EXPECT_FALSE(condition->holds(assignments("write"), {.existing_assignment = &assignment})) << said;
        EXPECT_FALSE(condition->holds(assignments("delete"), {.requested_assignment = &assignment})) << said;
    }
    EXPECT_FALSE(condition->holds(assignments("write"), {}));
    EXPECT_FALSE(condition->holds(assignments("delete"), {}));
    EXPECT_TRUE(condition->holds(assignments("read"), {}));
}

INSTANTIATE_TEST_SUITE_P(
    Portal, Delegation,
    testing::Values(
        DelegationCase{
            "Constrain roles",
            delegation(fmt::format("ForAnyOfAnyValues:GuidEquals {{{}, {}}}", acr_pull, acr_push)),
            {{acr_pull, somebody, "User", true}, {acr_push, sales, "Group", true}, {owner, somebody, "User", false}}},
        DelegationCase{"Constrain roles and principal types",
                       delegation(fmt::format("ForAnyOfAnyValues:GuidEquals {{{}, {}}}", acr_pull, acr_push),
                                  "PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'User', 'Group'}"),
                       {{acr_pull, somebody, "User", true},
                        {acr_pull, somebody, "Group", true},
                        {acr_pull, somebody, "ServicePrincipal", false},
                        {owner, somebody, "User", false}}},
        DelegationCase{"Constrain roles and principals",
                       delegation(fmt::format("ForAnyOfAnyValues:GuidEquals {{{}}}", acr_pull),
                                  fmt::format("PrincipalId] ForAnyOfAnyValues:GuidEquals {{{}, {}}}", marketing, sales)),
                       {{acr_pull, marketing, "Group", true},
                        {acr_pull, sales, "Group", true},
                        {acr_pull, somebody, "Group", false},
                        {acr_push, marketing, "Group", false}}},
        DelegationCase{"All roles except",
                       delegation(fmt::format("ForAnyOfAllValues:GuidNotEquals {{{}, 18d7d88d-d35e-4fb5-a5c3-7773c20a72d9, "
                                              "f58310d9-a9f6-439a-9e8d-f62e7b41a168}}",
                                              owner)),
                       {{acr_pull, somebody, "User", true},
                        {owner, somebody, "User", false},
                        {"18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", somebody, "User", false}}}));

// The portal's "Constrain roles" of writing only leaves deleting free.
TEST(Condition, WhatItDoesNotNamePasses) {
    const auto condition = parse(
        fmt::format("((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/write'}})) OR "
                    "(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{}}}))",
                    acr_pull));
    const AssignmentAttributes assignment{
        .role_definition = *Guid::parse(owner), .principal = *Guid::parse(somebody), .principal_type = "User"};
    EXPECT_FALSE(condition->holds(assignments("write"), {.requested_assignment = &assignment}));
    EXPECT_TRUE(condition->holds(assignments("delete"), {.existing_assignment = &assignment}));
}

// Which repository names a condition can let through.
struct NamesCase {
    std::string text; // ~ stands for the name attribute
    NameSelection names;
};

class Names : public testing::TestWithParam<NamesCase> {};

NameSelection named(std::vector<std::string> names, std::vector<std::string> prefixes = {}) {
    return {.all = false, .names = std::move(names), .prefixes = std::move(prefixes)};
}
const auto all = NameSelection::everything();

TEST_P(Names, AreNeverFewerThanThoseForWhichItHolds) {
    std::string written;
    for (char c : GetParam().text) written += c == '~' ? std::string(name) : std::string(1, c);
    const auto condition = parse(written);
    const auto read = data_action("repositories/content/read");
    const auto names = condition->repositories(read);
    EXPECT_EQ(names, GetParam().names) << written;
    for (const auto* repository : {"a", "b", "ab", "a/b", "a/c", "team/app", "team", "teams", "x"}) {
        EXPECT_TRUE(names.contains(repository) || !condition->holds(read, {.repository = repository})) << written << repository;
    }
}

INSTANTIATE_TEST_SUITE_P(
    Table, Names,
    testing::Values(NamesCase{"~ StringEquals 'a'", named({"a"})}, NamesCase{"'a' StringEquals ~", named({"a"})},
                    NamesCase{"~ StringEquals 'A'", {}}, NamesCase{"~ StringEqualsIgnoreCase 'A'", named({"a"})},
                    NamesCase{"~ StringStartsWith 'team/'", named({}, {"team/"})}, NamesCase{"~ StringStartsWith 'eam/X'", {}},
                    NamesCase{"~ StringStartsWithIgnoreCase 'eam/X'", named({}, {"eam/x"})},
                    NamesCase{"~ StringStartsWith ''", all}, NamesCase{"~ StringLike 'a/*'", named({}, {"a/"})},
                    NamesCase{"~ StringLike 'a'", named({"a"})}, NamesCase{"~ StringLike '*'", all},
                    NamesCase{"~ StringLike 'X*'", {}}, NamesCase{"~ StringLikeIgnoreCase 'X?'", named({}, {"x"})},
                    NamesCase{"~ StringNotEquals 'a'", all}, NamesCase{"NOT ~ StringNotEquals 'a'", named({"a"})},
                    NamesCase{"NOT ~ StringEquals 'a'", all}, NamesCase{"!(!(~ StringEquals 'a'))", named({"a"})},
                    NamesCase{"~ ForAnyOfAnyValues:StringEquals {'b', 'a', 'a'}", named({"a", "b"})},
                    NamesCase{"~ ForAllOfAnyValues:StringEquals {'b', 'a'}", named({"a", "b"})},
                    NamesCase{"~ ForAnyOfAllValues:StringEquals {'b', 'a'}", {}},
                    NamesCase{"~ ForAllOfAllValues:StringStartsWith {'a', 'ab'}", named({}, {"ab"})},
                    NamesCase{"{'a', 'b'} ForAnyOfAnyValues:StringEquals ~", named({"a", "b"})},
                    NamesCase{"{'a', 'b'} ForAllOfAnyValues:StringEquals ~", {}},
                    NamesCase{"{'a', 'b'} ForAnyOfAllValues:StringEquals ~", named({"a", "b"})},
                    NamesCase{"NOT ~ ForAnyOfAllValues:StringNotEquals {'a', 'b'}", named({"a", "b"})},
                    NamesCase{"NOT ~ ForAnyOfAnyValues:StringNotEquals {'a', 'b'}", {}},
                    NamesCase{"'abc' StringStartsWith ~", all}, NamesCase{"~ StringEquals ~", all},
                    NamesCase{"~ StringStartsWith 'a' AND ~ StringStartsWith 'a/'", named({}, {"a/"})},
                    NamesCase{"~ StringStartsWith 'a/' AND ~ StringNotEquals 'a/b'", named({}, {"a/"})},
                    NamesCase{"~ StringStartsWith 'a/' OR ~ StringEquals 'a'", named({"a"}, {"a/"})},
                    NamesCase{"~ StringStartsWith 'a/' AND ~ StringEquals 'b'", {}},
                    NamesCase{"~ StringEquals 'a' OR @Request[x] StringEquals 'y'", all},
                    NamesCase{"~ StringEquals 'a' AND @Request[x] StringEquals 'y'", named({"a"})},
                    NamesCase{"Exists ~ AND ~ StringEquals 'a'", named({"a"})},
                    NamesCase{"NOT Exists ~ OR ~ StringEquals 'a'", named({"a"})},
                    NamesCase{"Exists @Request[x] OR ~ StringEquals 'a'", all},
                    NamesCase{"!(ActionMatches{'*/content/read'}) OR ~ StringEquals 'a'", named({"a"})},
                    NamesCase{"!(ActionMatches{'*/content/write'}) OR ~ StringEquals 'a'", all},
                    NamesCase{
                        "(ActionMatches{'*/read'} AND ~ StringEquals 'a') OR (ActionMatches{'*/write'} AND ~ StringEquals 'b')",
                        named({"a"})},
                    NamesCase{"SubOperationMatches{'x'} OR ~ StringEquals 'a'", named({"a"})},
                    NamesCase{"1 NumericEquals 1 OR ~ StringEquals 'a'", all}, NamesCase{"1 NumericEquals 1", all},
                    NamesCase{"1 NumericEquals 2", {}}));

} // namespace
} // namespace berth::rbac
