#include "rbac/condition.hpp"
#include "rbac/condition_parser.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace berth::rbac {
namespace {

std::string repeated(std::string_view text, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += text;
    return out;
}

class IsRead : public testing::TestWithParam<std::string> {};

TEST_P(IsRead, AndKeptAsItWasWritten) {
    auto condition = Condition::parse(GetParam());
    ASSERT_TRUE(condition) << condition.error().message << "\n" << GetParam();
    EXPECT_EQ((*condition)->text(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Table, IsRead,
    testing::Values(
        "ActionMatches{'*'}", "\t\r\n ActionMatches \n{\t'*' } \n", "ACTIONMATCHES{'*'}", "subOperationMatches{'Blob.List'}",
        "Exists @Request[a]", "exists @REQUEST[a]", "NOT Exists @Request[a]", "not exists @request[a]", "!Exists@Request[a]",
        "NOT NOT !! (Exists @Request[a])", "Exists @Request[a]&&Exists @Request[b]",
        "Exists @Request[a] and Exists @Request[b]", "Exists @Request[a]||Exists @Request[b]",
        "Exists @Request[a] or Exists @Request[b]", "Exists @Request[a] AND Exists @Request[b] && Exists @Request[c]",
        "(Exists @Request[a] AND Exists @Request[b]) OR Exists @Request[c]",
        "Exists @Request[a] AND NOT (Exists @Request[b] OR Exists @Request[c])", "((((Exists @Request[a]))))",
        "{'a', 'b'} ForAnyOfAnyValues:StringEquals {'a'}", "{'a'}foranyofanyvalues : stringequals{'a','b'}",
        "@Request[a] ForAnyOfAnyValues:StringEquals 'a'", "@Request[a] StringEquals {'a'}", "'a' StringEquals @Request[a]",
        "@Request[a] StringEquals @Principal[b]", "{1, 2} ForAllOfAllValues:NumericLessThan @Resource[n]",
        "@Environment[UtcNow] DateTimeGreaterThan '2026-01-01T00:00:00.0Z'",
        "@Environment[utcnow] DateTimeLessThan '2026-01-01T00:00:00+02:00'", "@Environment[isPrivateLink] BoolEquals TRUE",
        "@Environment[Microsoft.Network/virtualNetworks/subnets] StringEqualsIgnoreCase '/subscriptions/x'",
        "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs/tags:Project<$key_case_sensitive$>] "
        "StringEquals 'Cascade'",
        "@Request[Microsoft.Storage/storageAccounts/blobServices/containers/blobs/tags&$keys$&] "
        "ForAllOfAnyValues:StringEquals {'Project', 'Program'}",
        "@Request[a] GuidEquals 8E3AF657-A8FF-443C-A75C-2FE8C4BCB635",
        "@Request[a] GuidEquals '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'", "@Request[a] NumericEquals -12.5",
        "@Request[a] NumericEquals 999999999999999999.999999999", "@Request[a] StringEquals ''",
        R"(@Request[a] StringEquals 'it\'s')", R"(@Request[a] StringLike 'a\\')", "@Request[a] StringEquals '\u00E9)('",
        // As deep and as long as can be: 100 levels, 2,000 parentheses side by side, 1,000 values, 8 KB.
        repeated("(", 100) + "Exists @Request[a]" + repeated(")", 100), repeated("!", 100) + "Exists @Request[a]",
        "Exists @Request[a]" + repeated(" AND (((Exists @Request[a])))", 280),
        "{" + repeated("1,", 999) + "1} ForAnyOfAnyValues:NumericEquals @Request[a]",
        "Exists @Request[a]" + std::string(Condition::longest - 18, ' ')));

struct SyntaxError {
    std::string text;
    std::string position;
    std::string message; ///< a part of it
};

class IsRefused : public testing::TestWithParam<SyntaxError> {};

TEST_P(IsRefused, WithThePositionAndWhatToDo) {
    auto condition = Condition::parse(GetParam().text);
    ASSERT_FALSE(condition) << GetParam().text;
    const auto& error = condition.error();
    EXPECT_EQ(error.code, ErrorCode::invalid_parameter);
    EXPECT_TRUE(error.message.starts_with(fmt::format("The condition is wrong at {}: ", GetParam().position)))
        << error.message << "\n"
        << GetParam().text;
    EXPECT_NE(error.message.find(GetParam().message), std::string::npos) << error.message << "\n" << GetParam().text;
    EXPECT_LT(error.message.size(), 600U);
}

constexpr auto term = "Exists @Request[a]";
constexpr auto at_start = "line 1, column 1";

INSTANTIATE_TEST_SUITE_P(
    Nothing, IsRefused,
    testing::Values(SyntaxError{"", at_start, "found the end of the condition, expected an attribute such as @Request[name]"},
                    SyntaxError{"  \n\t ", "line 2, column 3", "found the end of the condition"},
                    SyntaxError{"()", "line 1, column 2", "found `)`, expected an attribute"},
                    SyntaxError{"(", "line 1, column 2", "found the end of the condition"},
                    SyntaxError{")", at_start, "found `)`"}, SyntaxError{"NOT", "line 1, column 4", "found the end"},
                    SyntaxError{"AND", at_start, "found `AND`, expected an attribute"},
                    SyntaxError{"true", "line 1, column 5", "found the end of the condition, expected an operator"}));

INSTANTIATE_TEST_SUITE_P(
    Logic, IsRefused,
    testing::Values(
        SyntaxError{fmt::format("{} {}", term, term), "line 1, column 20", "found `Exists`, expected AND, OR or the end"},
        SyntaxError{fmt::format("{})", term), "line 1, column 19", "there is no `(` for this `)`"},
        SyntaxError{fmt::format("(({})", term), at_start, "this `(` is never closed by a `)`"},
        SyntaxError{fmt::format("({} {})", term, term), "line 1, column 21", "expected AND, OR or `)`"},
        SyntaxError{fmt::format("{} AND", term), "line 1, column 23", "found the end of the condition"},
        SyntaxError{fmt::format("{} AND OR {}", term, term), "line 1, column 24", "found `OR`"},
        SyntaxError{fmt::format("{0}\nAND {0}\n  OR {0}", term), "line 3, column 3", "write (a AND b) OR c, or a AND (b OR c)"},
        SyntaxError{fmt::format("{0} || {0} && {0}", term), "line 1, column 42", "AND and OR stand side by side"},
        SyntaxError{fmt::format("{} XOR {}", term, term), "line 1, column 20", "found `XOR`"},
        SyntaxError{fmt::format("{} & {}", term, term), "line 1, column 20", "found a single `&`, write `&&` or AND"},
        SyntaxError{fmt::format("{} |", term), "line 1, column 20", "found a single `|`, write `||` or OR"},
        SyntaxError{repeated("(", 101) + term + repeated(")", 101), "line 1, column 101", "nested more than 100 deep"},
        SyntaxError{repeated("(", 2000), "line 1, column 101", "nested more than 100 deep"},
        SyntaxError{repeated("!", 8000) + term, "line 1, column 101", "nested more than 100 deep"},
        SyntaxError{repeated("NOT(", 2000), "line 1, column 201", "nested more than 100 deep"}));

INSTANTIATE_TEST_SUITE_P(
    Functions, IsRefused,
    testing::Values(
        SyntaxError{"ActionMatches", "line 1, column 14",
                    "found the end of the condition, expected `{`, as in ActionMatches{'"},
        SyntaxError{"ActionMatches('*')", "line 1, column 14", "found `(`, expected `{`"},
        SyntaxError{"ActionMatches{}", "line 1, column 15", "found `}`, expected a string in single quotes"},
        SyntaxError{"ActionMatches{*}", "line 1, column 15", "`*` has no meaning here"},
        SyntaxError{"ActionMatches{''}", "line 1, column 15", "this string is empty"},
        SyntaxError{"ActionMatches{'a', 'b'}", "line 1, column 18", "one string: write one more for each, joined with OR"},
        SyntaxError{"ActionMatches{'a'", "line 1, column 18", "found the end of the condition, expected `}`"},
        SyntaxError{"SubOperationMatches{1}", "line 1, column 21", "found `1`, expected a string"},
        SyntaxError{"Exists 'a'", "line 1, column 8", "found 'a', expected an attribute, as in Exists @Request[name]"},
        SyntaxError{"Exists", "line 1, column 7", "expected an attribute"},
        SyntaxError{"ActionMatch{'a'}", at_start,
                    "found `ActionMatch`, expected an attribute such as @Request[name], a value, "
                    "ActionMatches"}));

INSTANTIATE_TEST_SUITE_P(
    Attributes, IsRefused,
    testing::Values(SyntaxError{"Exists @Requests[a]", "line 1, column 8",
                                "`@Requests` is no source of attributes; there are @Request, "
                                "@Resource, @Principal and @Environment"},
                    SyntaxError{"Exists @[a]", "line 1, column 8", "`@` is no source"},
                    SyntaxError{"Exists @Request", "line 1, column 8", "there is no `[` behind the source"},
                    SyntaxError{"Exists @Request a]", "line 1, column 8", "there is no `[` behind the source"},
                    SyntaxError{"Exists @Request[a", "line 1, column 8", "never closed by a `]`"},
                    SyntaxError{"Exists @Request[]", "line 1, column 8", "this attribute has no name"},
                    SyntaxError{"Exists @Request[  ]", "line 1, column 8", "this attribute has no name"},
                    SyntaxError{"Exists @Request[a\nb]", "line 1, column 8", "a line break or a control character"},
                    SyntaxError{"Request[a] StringEquals 'a'", at_start,
                                "found `Request`, expected an attribute such as @Request[name]"},
                    SyntaxError{"[a] StringEquals 'a'", at_start, "an attribute begins with its source"}));

INSTANTIATE_TEST_SUITE_P(
    Operators, IsRefused,
    testing::Values(
        SyntaxError{"@Request[a]", "line 1, column 12",
                    "found the end of the condition, expected an operator that begins with"},
        SyntaxError{"@Request[a] = 'a'", "line 1, column 13", "`=` has no meaning here"},
        SyntaxError{"@Request[a] 'a'", "line 1, column 13", "found 'a', expected an operator"},
        SyntaxError{"@Request[a] Equals 'a'", "line 1, column 13",
                    "found `Equals`, expected an operator that begins with String"},
        SyntaxError{"@Request[a] StringEqual 'a'", "line 1, column 13",
                    "found `StringEqual`, expected StringEquals, StringNotEquals"},
        SyntaxError{"@Request[a] StringContains 'a'", "line 1, column 13", "each also with IgnoreCase behind it"},
        SyntaxError{"@Request[a] NumericBetween 1", "line 1, column 13", "NumericGreaterThan or NumericGreaterThanEquals"},
        SyntaxError{"@Request[a] DateTimeBefore 'x'", "line 1, column 13", "DateTimeLessThan"},
        SyntaxError{"@Request[a] GuidLike 'x'", "line 1, column 13", "expected GuidEquals or GuidNotEquals"},
        SyntaxError{"@Request[a] GuidEqualsIgnoreCase 'x'", "line 1, column 13", "expected GuidEquals or GuidNotEquals"},
        SyntaxError{"@Request[a] BooleanEquals true", "line 1, column 13", "expected BoolEquals or BoolNotEquals"},
        SyntaxError{"@Request[a] ForAnyValues:StringEquals {'a'}", "line 1, column 13",
                    "expected ForAnyOfAnyValues, ForAllOfAnyValues"},
        SyntaxError{"@Request[a] ForAnyOfAnyValues StringEquals {'a'}", "line 1, column 31", "expected `:` and an operator"},
        SyntaxError{"@Request[a] ForAnyOfAnyValues:{'a'}", "line 1, column 31", "found `{`, expected an operator"},
        SyntaxError{"@Request[a] ForAnyOfAnyValues:ForAnyOfAnyValues:StringEquals {'a'}", "line 1, column 31",
                    "found `ForAnyOfAnyValues`"},
        SyntaxError{"@Request[a] StringEquals", "line 1, column 25", "expected an attribute or a string in single quotes"},
        SyntaxError{"@Request[a] StringEquals AND", "line 1, column 26", "found `AND`, expected an attribute or a string"},
        SyntaxError{"StringEquals 'a'", at_start, "found `StringEquals`, expected an attribute or a value in front of it"},
        SyntaxError{"ForAnyOfAnyValues:StringEquals {'a'}", at_start, "an attribute or a value in front of it"},
        SyntaxError{"@Request[a] StringEquals {'a', 'b'}", "line 1, column 13",
                    "say which must fit: ForAnyOfAnyValues:StringEquals"},
        SyntaxError{"{'a', 'b'} StringEquals @Request[a]", "line 1, column 12", "ForAllOfAllValues:StringEquals"}));

INSTANTIATE_TEST_SUITE_P(Lists, IsRefused,
                         testing::Values(SyntaxError{"@Request[a] ForAnyOfAnyValues:StringEquals {}", "line 1, column 45",
                                                     "found `}`, expected a value"},
                                         SyntaxError{"@Request[a] ForAnyOfAnyValues:StringEquals {'a',}", "line 1, column 49",
                                                     "found `}`, expected a value"},
                                         SyntaxError{"@Request[a] ForAnyOfAnyValues:StringEquals {'a' 'b'}",
                                                     "line 1, column 49", "found 'b', expected `,` or `}`"},
                                         SyntaxError{"@Request[a] ForAnyOfAnyValues:StringEquals {'a'", "line 1, column 48",
                                                     "found the end of the condition, expected `,` or `}`"},
                                         SyntaxError{"@Request[a] ForAnyOfAnyValues:StringEquals {{'a'}}", "line 1, column 45",
                                                     "found `{`, expected a value"},
                                         SyntaxError{"@Request[a] ForAnyOfAnyValues:StringEquals {@Request[b]}",
                                                     "line 1, column 45", "found `@Request[b]`, expected a value"},
                                         SyntaxError{"@Request[a] ForAnyOfAnyValues:StringEquals ('a')", "line 1, column 44",
                                                     "found `(`, expected an attribute or a string"},
                                         SyntaxError{"{" + repeated("1,", 1000) + "1} ForAnyOfAnyValues:NumericEquals 1",
                                                     "line 1, column 2002", "more than 1000 values"}));

INSTANTIATE_TEST_SUITE_P(
    Types, IsRefused,
    testing::Values(
        SyntaxError{"@Request[a] StringEquals 1", "line 1, column 26",
                    "StringEquals compares strings, and `1` is none; write a string in single quotes"},
        SyntaxError{"@Request[a] StringEquals true", "line 1, column 26", "compares strings"},
        SyntaxError{"@Request[a] StringLike 8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "line 1, column 24", "compares strings"},
        SyntaxError{"@Request[a] NumericEquals '1'", "line 1, column 27",
                    "NumericEquals compares numbers, and '1' is none; write a number, such as 10, without quotes"},
        SyntaxError{"@Request[a] NumericEquals true", "line 1, column 27", "compares numbers"},
        SyntaxError{"@Request[a] DateTimeEquals '2026-13-01T00:00:00Z'", "line 1, column 28",
                    "'2026-13-01T00:00:00Z' is none; write a point in time in single quotes, such as"},
        SyntaxError{"@Request[a] DateTimeEquals 1", "line 1, column 28", "compares points in time"},
        SyntaxError{"@Request[a] GuidEquals 'Owner'", "line 1, column 24", "GuidEquals compares GUIDs, and 'Owner' is none"},
        SyntaxError{"@Request[a] GuidEquals 1", "line 1, column 24", "compares GUIDs"},
        SyntaxError{"@Request[a] BoolEquals 'true'", "line 1, column 24", "write true or false, without quotes"},
        SyntaxError{"@Request[a] BoolEquals 1", "line 1, column 24", "compares true or false"},
        SyntaxError{"{'a', 1} ForAnyOfAnyValues:StringEquals {'a'}", "line 1, column 7", "compares strings, and `1` is none"},
        SyntaxError{"@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] StringEquals 'x'", at_start,
                    "are GUIDs, and StringEquals compares strings; use GuidEquals or GuidNotEquals"},
        SyntaxError{"'x' StringEquals @Resource[Microsoft.Authorization/roleAssignments:PrincipalId]", "line 1, column 18",
                    "are GUIDs"},
        SyntaxError{"@Request[Microsoft.Authorization/roleAssignments:PrincipalType] NumericEquals 1", at_start,
                    "are strings, and NumericEquals compares numbers"},
        SyntaxError{"@Request[Microsoft.ContainerRegistry/registries/repositories:name] GuidEquals "
                    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
                    at_start, "are strings"},
        SyntaxError{"@Environment[UtcNow] StringEquals 'x'", at_start, "are points in time"},
        SyntaxError{"@Environment[isPrivateLink] StringEquals 'x'", at_start, "are true or false"}));

INSTANTIATE_TEST_SUITE_P(
    Characters, IsRefused,
    testing::Values(SyntaxError{"@Request[a] StringEquals 'a", "line 1, column 26", "this string is never closed"},
                    SyntaxError{R"(@Request[a] StringEquals 'a\')", "line 1, column 26", "this string is never closed"},
                    SyntaxError{R"(@Request[a] StringEquals 'a\)", "line 1, column 26", "this string is never closed"},
                    SyntaxError{"@Request[a] StringEquals 'a\nb'", "line 1, column 28", "a string cannot hold a line break"},
                    SyntaxError{std::string("@Request[a] StringEquals '\0'", 28), "line 1, column 27", "control character"},
                    SyntaxError{"@Request[a] StringEquals \"a\"", "line 1, column 26",
                                "`\"` has no meaning here; strings stand in single quotes"},
                    SyntaxError{"@Request[a] StringEquals \u2018a\u2019", "line 1, column 26",
                                "`\u2018` has no meaning here; this is a typographic quote"},
                    SyntaxError{"Exists\u00A0@Request[a]", "line 1, column 7", "no-break space, write a plain one"},
                    SyntaxError{"@Request[a] StringEquals '\u00E9\u00E9' $", "line 1, column 31", "`$` has no meaning here"},
                    SyntaxError{"Exists @Request[a]\r\n\r\n  \xFF", "line 3, column 3", "the byte 0xFF has no meaning here"},
                    SyntaxError{std::string("\0", 1), at_start, "the byte 0x00 has no meaning here"},
                    SyntaxError{"@Request[a] NumericEquals 1234567890123456789", "line 1, column 27",
                                "no number (18 digits before the point"},
                    SyntaxError{"@Request[a] NumericEquals 1.2.3", "line 1, column 27", "`1.2.3` is no word, no number"},
                    SyntaxError{"@Request[a] NumericEquals 1.", "line 1, column 27", "no number"},
                    SyntaxError{"@Request[a] NumericEquals 1e5", "line 1, column 27", "no number"},
                    SyntaxError{"@Request[a] GuidEquals 8e3af657-a8ff-443c-a75c-2fe8c4bcb63", "line 1, column 24", "no GUID"},
                    SyntaxError{"@Request[a] StringEquals name_1", "line 1, column 26", "strings stand in single quotes"},
                    SyntaxError{"@Request[a] StringEquals name", "line 1, column 26",
                                "found `name`, expected an attribute or a string"},
                    SyntaxError{std::string(8000, 'x'), at_start, "found a long word"},
                    SyntaxError{"'" + std::string(8000, 'x') + "' NumericEquals 1", at_start, "and a string is none"}));

TEST(Condition, MayBeEightKilobytesLong) {
    auto condition = Condition::parse(std::string(Condition::longest + 1, ' '));
    ASSERT_FALSE(condition);
    EXPECT_EQ(condition.error().code, ErrorCode::invalid_parameter);
    EXPECT_NE(condition.error().message.find("8193 bytes, and 8192 are the most"), std::string::npos)
        << condition.error().message;
}

TEST(Condition, WhatHasEightKilobytesAndTwoThousandParenthesesIsDecided) {
    // 1,000 pairs, ten deep each time.
    std::string text = "Exists @Request[a]";
    std::size_t parentheses = 0;
    while (parentheses < 2000) {
        text += "||" + repeated("(", 10) + "Exists @Request[a]" + repeated(")", 10);
        parentheses += 20;
    }
    ASSERT_LE(text.size(), Condition::longest);
    auto condition = Condition::parse(text);
    ASSERT_TRUE(condition) << condition.error().message;
    EXPECT_FALSE((*condition)->holds(Operation::at(0), {}));
}

TEST(Condition, ANeverHoldsAndKeepsItsText) {
    auto condition = Condition::never("what was stored");
    EXPECT_EQ(condition->text(), "what was stored");
    EXPECT_FALSE(condition->holds(Operation::at(0), {}));
    EXPECT_TRUE(condition->repositories(Operation::at(0)).empty());
}

} // namespace
} // namespace berth::rbac
