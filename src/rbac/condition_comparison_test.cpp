#include "rbac/condition.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace berth::rbac {
namespace {

// What the text says of a request.
bool holds(const std::string& text, const Attributes& attributes) {
    auto condition = Condition::parse(text);
    if (!condition) {
        ADD_FAILURE() << condition.error().message << "\n" << text;
        return false;
    }
    const auto operation = Operation::known("Microsoft.ContainerRegistry/registries/read");
    return (*condition)->holds(operation, attributes);
}

// The values of the attribute A of the principal; no value is no attribute.
struct OfPrincipal {
    explicit OfPrincipal(std::vector<std::string> values) {
        if (!values.empty()) attributes.push_back({.name = "Set_A", .values = std::move(values)});
    }
    Attributes request() const { return {.principal = attributes}; }
    std::vector<SecurityAttribute> attributes;
};

constexpr auto a = "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Set_A]";

// One value against one: the same with the value as an attribute, and written down.
struct Comparison {
    std::string value;
    std::string op;
    std::string literal;
    bool outcome;
};

class Compares : public testing::TestWithParam<Comparison> {};

TEST_P(Compares, OneValueWithOne) {
    const auto& [value, op, literal, outcome] = GetParam();
    const OfPrincipal principal({value});
    EXPECT_EQ(holds(fmt::format("{} {} {}", a, op, literal), principal.request()), outcome);
    for (const auto* quantifier : {"ForAnyOfAnyValues", "ForAllOfAnyValues", "ForAnyOfAllValues", "ForAllOfAllValues"}) {
        EXPECT_EQ(holds(fmt::format("{} {}:{} {{{}}}", a, quantifier, op, literal), principal.request()), outcome)
            << quantifier;
    }
    const std::string written = literal.starts_with('\'') ? fmt::format("'{}'", value) : value;
    EXPECT_EQ(holds(fmt::format("{} {} {}", written, op, literal), {}), outcome);
    // And with the attribute on the right.
    const OfPrincipal right({literal.starts_with('\'') ? literal.substr(1, literal.size() - 2) : literal});
    EXPECT_EQ(holds(fmt::format("{} {} {}", written, op, a), right.request()), outcome);
}

INSTANTIATE_TEST_SUITE_P(
    Strings, Compares,
    testing::Values(
        Comparison{"red", "StringEquals", "'red'", true}, Comparison{"red", "StringEquals", "'Red'", false},
        Comparison{"red", "StringEquals", "'re'", false}, Comparison{"red", "StringNotEquals", "'red'", false},
        Comparison{"red", "StringNotEquals", "'RED'", true}, Comparison{"red", "stringequals", "'red'", true},
        Comparison{"red", "StringEqualsIgnoreCase", "'RED'", true},
        Comparison{"rED", "StringEqualsIgnoreCase", "'blue'", false},
        Comparison{"red", "StringNotEqualsIgnoreCase", "'RED'", false},
        Comparison{"red", "StringNotEqualsIgnoreCase", "'blue'", true},
        // Only ASCII letters have two cases.
        Comparison{"\u00E9", "StringEqualsIgnoreCase", "'\u00E9'", true},
        Comparison{"\u00E9", "StringEqualsIgnoreCase", "'\u00C9'", false},
        Comparison{"team/x", "StringStartsWith", "'team/'", true}, Comparison{"team/x", "StringStartsWith", "'Team/'", false},
        Comparison{"team", "StringStartsWith", "'team/'", false}, Comparison{"team", "StringStartsWith", "''", true},
        Comparison{"team/x", "StringNotStartsWith", "'team/'", false},
        Comparison{"team/x", "StringNotStartsWith", "'Team/'", true},
        Comparison{"team/x", "StringStartsWithIgnoreCase", "'TEAM/'", true},
        Comparison{"x", "StringStartsWithIgnoreCase", "'TEAM/'", false},
        Comparison{"team/x", "StringNotStartsWithIgnoreCase", "'TEAM/'", false},
        Comparison{"x", "StringNotStartsWithIgnoreCase", "'TEAM/'", true}, Comparison{"abcd", "StringLike", "'a*c?'", true},
        Comparison{"abcd", "StringLike", "'A*C?'", false}, Comparison{"abcd", "StringLike", "'a*c'", false},
        Comparison{"abcd", "StringNotLike", "'a*c?'", false}, Comparison{"abcd", "StringNotLike", "'a*c'", true},
        Comparison{"abcd", "StringLikeIgnoreCase", "'A*C?'", true}, Comparison{"abcd", "StringLikeIgnoreCase", "'A*C'", false},
        Comparison{"abcd", "StringNotLikeIgnoreCase", "'A*C?'", false},
        Comparison{"abcd", "StringNotLikeIgnoreCase", "'A*C'", true}, Comparison{"a*c", "StringLike", R"('a\*c')", true},
        Comparison{"abc", "StringLike", R"('a\*c')", false},
        // A wildcard is one only to Like.
        Comparison{"abc", "StringEquals", "'a*c'", false}, Comparison{"abc", "StringStartsWith", "'a*'", false}));

INSTANTIATE_TEST_SUITE_P(
    Numbers, Compares,
    testing::Values(
        Comparison{"10", "NumericEquals", "10", true}, Comparison{"10", "NumericEquals", "11", false},
        Comparison{"10", "NumericNotEquals", "10", false}, Comparison{"10", "NumericNotEquals", "11", true},
        Comparison{"10", "NumericLessThan", "11", true}, Comparison{"10", "NumericLessThan", "10", false},
        Comparison{"10", "NumericLessThanEquals", "10", true}, Comparison{"11", "NumericLessThanEquals", "10", false},
        Comparison{"11", "NumericGreaterThan", "10", true}, Comparison{"10", "NumericGreaterThan", "10", false},
        Comparison{"10", "NumericGreaterThanEquals", "10", true}, Comparison{"9", "NumericGreaterThanEquals", "10", false},
        // By value, not by how it is written.
        Comparison{"9", "NumericLessThan", "10", true}, Comparison{"010", "NumericEquals", "10", true},
        Comparison{"10.0", "NumericEquals", "10", true}, Comparison{"-0", "NumericEquals", "0", true},
        Comparison{"-1.5", "NumericLessThan", "-1.4", true}, Comparison{"-0.5", "NumericLessThan", "0", true},
        Comparison{"0.1", "NumericEquals", "0.10", true}, Comparison{"0.000000001", "NumericGreaterThan", "0", true},
        Comparison{"999999999999999999", "NumericGreaterThan", "999999999999999998.999999999", true}));

INSTANTIATE_TEST_SUITE_P(
    Times, Compares,
    testing::Values(Comparison{"2026-01-01T00:00:00Z", "DateTimeEquals", "'2026-01-01T00:00:00.0Z'", true},
                    Comparison{"2026-01-01T00:00:00Z", "DateTimeEquals", "'2026-01-01T02:00:00+02:00'", true},
                    Comparison{"2026-01-01T00:00:00Z", "DateTimeEquals", "'2026-01-01T00:00:00.000001Z'", false},
                    Comparison{"2026-01-01T00:00:00Z", "DateTimeNotEquals", "'2026-01-01T00:00:00Z'", false},
                    Comparison{"2026-01-01T00:00:00Z", "DateTimeNotEquals", "'2026-01-01T00:00:01Z'", true},
                    Comparison{"2026-01-01T00:00:00Z", "DateTimeLessThan", "'2026-01-01T00:00:01Z'", true},
                    Comparison{"2026-01-01T00:00:00Z", "DateTimeLessThan", "'2026-01-01T00:00:00Z'", false},
                    Comparison{"2026-01-01T00:00:00Z", "DateTimeLessThanEquals", "'2026-01-01T00:00:00Z'", true},
                    Comparison{"2026-01-01T00:00:01Z", "DateTimeLessThanEquals", "'2026-01-01T00:00:00Z'", false},
                    Comparison{"2026-01-01T00:00:01Z", "DateTimeGreaterThan", "'2026-01-01T00:00:00Z'", true},
                    Comparison{"1969-12-31T23:59:59Z", "DateTimeGreaterThan", "'1970-01-01T00:00:00Z'", false},
                    Comparison{"2026-01-01T00:00:00Z", "DateTimeGreaterThanEquals", "'2026-01-01T00:00:00Z'", true},
                    Comparison{"2025-12-31T23:59:59Z", "DateTimeGreaterThanEquals", "'2026-01-01T00:00:00Z'", false}));

INSTANTIATE_TEST_SUITE_P(
    GuidsAndBooleans, Compares,
    testing::Values(
        Comparison{"8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "GuidEquals", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", true},
        Comparison{"8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "GuidEquals", "8E3AF657-A8FF-443C-A75C-2FE8C4BCB635", true},
        Comparison{"8E3AF657-A8FF-443C-A75C-2FE8C4BCB635", "GuidEquals", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", true},
        Comparison{"8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "GuidEquals", "'8e3af657-a8ff-443c-a75c-2fe8c4bcb635'", true},
        Comparison{"8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "GuidEquals", "8e3af657-a8ff-443c-a75c-2fe8c4bcb636", false},
        Comparison{"8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "GuidNotEquals", "8E3AF657-a8ff-443c-a75c-2fe8c4bcb635", false},
        Comparison{"8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "GuidNotEquals", "acdd72a7-3385-48ef-bd42-f606fba81ae7", true},
        Comparison{"true", "BoolEquals", "true", true}, Comparison{"True", "BoolEquals", "TRUE", true},
        Comparison{"false", "BoolEquals", "true", false}, Comparison{"false", "BoolNotEquals", "true", true},
        Comparison{"true", "BoolNotEquals", "true", false}, Comparison{"false", "BoolEquals", "false", true}));

// Several values on both sides: the left as written and as an attribute, the right as written and as an attribute.
struct CrossProduct {
    std::vector<std::string> left;
    std::string op;
    std::vector<std::string> right;
    bool any_of_any, all_of_any, any_of_all, all_of_all;
};

class ComparesMany : public testing::TestWithParam<CrossProduct> {};

std::string list(const std::vector<std::string>& values, bool quoted) {
    std::string out;
    const auto* quote = quoted ? "'" : "";
    for (const auto& value : values) out += fmt::format("{0}{1}{2}{1}", out.empty() ? "" : ", ", quote, value);
    return "{" + out + "}";
}

TEST_P(ComparesMany, ByTheQuantifier) {
    const auto& each = GetParam();
    const bool quoted = each.op.starts_with("String") || each.op.starts_with("DateTime");
    const OfPrincipal left(each.left);
    const OfPrincipal right(each.right);
    const std::pair<const char*, bool> outcomes[] = {{"ForAnyOfAnyValues", each.any_of_any},
                                                     {"ForAllOfAnyValues", each.all_of_any},
                                                     {"ForAnyOfAllValues", each.any_of_all},
                                                     {"ForAllOfAllValues", each.all_of_all}};
    for (const auto& [quantifier, outcome] : outcomes) {
        const auto written_left = list(each.left, quoted);
        const auto written_right = list(each.right, quoted);
        EXPECT_EQ(holds(fmt::format("{} {}:{} {}", written_left, quantifier, each.op, written_right), {}), outcome)
            << quantifier;
        EXPECT_EQ(holds(fmt::format("{} {}:{} {}", a, quantifier, each.op, written_right), left.request()), outcome)
            << quantifier;
        EXPECT_EQ(holds(fmt::format("{} {}:{} {}", written_left, quantifier, each.op, a), right.request()), outcome)
            << quantifier;
    }
}

INSTANTIATE_TEST_SUITE_P(
    Table, ComparesMany,
    testing::Values(
        // Azure's documented examples, and what the other quantifiers say of them.
        CrossProduct{{"red", "blue"}, "StringEquals", {"blue", "green"}, true, false, false, false},
        CrossProduct{{"red", "blue"}, "StringEquals", {"orange", "green"}, false, false, false, false},
        CrossProduct{{"red", "blue"}, "StringEquals", {"orange", "red", "blue"}, true, true, false, false},
        CrossProduct{{"red", "blue"}, "StringEquals", {"red", "green"}, true, false, false, false},
        CrossProduct{{"10", "20"}, "NumericLessThan", {"15", "18"}, true, false, true, false},
        CrossProduct{{"10", "20"}, "NumericLessThan", {"5", "15", "18"}, true, false, false, false},
        CrossProduct{{"10", "20"}, "NumericLessThan", {"25", "30"}, true, true, true, true},
        CrossProduct{{"10", "20"}, "NumericLessThan", {"15", "25", "30"}, true, true, true, false},
        // Negated: not one of these is ForAllOfAllValues or ForAnyOfAllValues; ForAnyOfAnyValues is nearly always true.
        CrossProduct{{"red"}, "StringNotEquals", {"red", "blue"}, true, true, false, false},
        CrossProduct{{"green"}, "StringNotEquals", {"red", "blue"}, true, true, true, true},
        CrossProduct{{"red", "green"}, "StringNotEquals", {"red", "blue"}, true, true, true, false},
        CrossProduct{{"red"}, "StringNotEquals", {"red"}, false, false, false, false},
        CrossProduct{{"a/x", "b/x"}, "StringStartsWith", {"a/", "b/"}, true, true, false, false},
        CrossProduct{{"A/x", "b/x"}, "StringLikeIgnoreCase", {"a/*", "*X"}, true, true, true, false},
        CrossProduct{{"a/x", "a/y"}, "StringNotLike", {"b*", "c*"}, true, true, true, true},
        CrossProduct{{"a"}, "StringEqualsIgnoreCase", {"A", "a"}, true, true, true, true},
        CrossProduct{{"2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"},
                     "DateTimeGreaterThan",
                     {"2026-06-01T00:00:00Z"},
                     true,
                     false,
                     true,
                     false},
        CrossProduct{{"8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "acdd72a7-3385-48ef-bd42-f606fba81ae7"},
                     "GuidEquals",
                     {"ACDD72A7-3385-48EF-BD42-F606FBA81AE7"},
                     true,
                     false,
                     true,
                     false},
        CrossProduct{{"8e3af657-a8ff-443c-a75c-2fe8c4bcb635"},
                     "GuidNotEquals",
                     {"ACDD72A7-3385-48EF-BD42-F606FBA81AE7", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"},
                     true,
                     true,
                     false,
                     false},
        CrossProduct{{"true", "false"}, "BoolEquals", {"true"}, true, false, true, false}));

TEST(Comparison, OfTwoAttributes) {
    const std::vector<SecurityAttribute> attributes{
        {.name = "Set_A", .values = {"x", "y"}}, {.name = "Set_B", .values = {"y", "z"}}, {.name = "Set_C", .values = {"Y"}}};
    const Attributes request{.repository = "y", .principal = attributes};
    const auto of = [](std::string_view name) {
        return fmt::format("@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Set_{}]", name);
    };
    constexpr auto name = "@Request[Microsoft.ContainerRegistry/registries/repositories:name]";
    EXPECT_TRUE(holds(fmt::format("{} ForAnyOfAnyValues:StringEquals {}", of("A"), of("B")), request));
    EXPECT_FALSE(holds(fmt::format("{} ForAllOfAnyValues:StringEquals {}", of("A"), of("B")), request));
    EXPECT_TRUE(holds(fmt::format("{} ForAnyOfAnyValues:StringEquals {}", name, of("B")), request));
    EXPECT_FALSE(holds(fmt::format("{} ForAnyOfAnyValues:StringEquals {}", name, of("C")), request));
    EXPECT_TRUE(holds(fmt::format("{} StringEqualsIgnoreCase {}", name, of("C")), request));
    EXPECT_TRUE(holds(fmt::format("{} StringEqualsIgnoreCase {}", of("C"), name), request));
    // The names of security attributes have no case.
    EXPECT_TRUE(holds("@principal[microsoft.directory/customsecurityattributes/ID:SET_c] StringEquals 'Y'", request));
}

// What a request does not have, or what is of another type, makes a comparison false, whatever the operator; NOT around
// it is then true. That is Azure's advice turned round: it has people write `… OR NOT Exists …` for what may be missing.
TEST(Comparison, WithoutAValueIsFalse) {
    const OfPrincipal nothing({});
    const OfPrincipal empty({std::string()});
    const OfPrincipal several({"1", "2"});
    const OfPrincipal word({"word"});
    constexpr auto unknown = "@Resource[Microsoft.Storage/storageAccounts:isHnsEnabled]";
    for (const auto* test :
         {"StringEquals 'x'", "StringNotEquals 'x'", "StringNotEqualsIgnoreCase 'x'", "StringNotStartsWith 'x'",
          "StringNotLike 'x'", "NumericEquals 1", "NumericNotEquals 1", "NumericLessThan 1",
          "DateTimeNotEquals '2026-01-01T00:00:00Z'", "GuidNotEquals 8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "BoolEquals false",
          "BoolNotEquals true", "ForAnyOfAnyValues:StringNotEquals {'x'}", "ForAllOfAnyValues:StringNotEquals {'x'}",
          "ForAnyOfAllValues:StringNotEquals {'x'}", "ForAllOfAllValues:StringNotEquals {'x'}",
          "ForAllOfAllValues:NumericNotEquals {1}"}) {
        EXPECT_FALSE(holds(fmt::format("{} {}", a, test), nothing.request())) << test;
        EXPECT_FALSE(holds(fmt::format("{} {}", unknown, test), {})) << test;
        EXPECT_TRUE(holds(fmt::format("NOT {} {}", a, test), nothing.request())) << test;
    }
    EXPECT_FALSE(holds(fmt::format("'x' StringNotEquals {}", a), nothing.request()));
    EXPECT_FALSE(holds(fmt::format("{{'x'}} ForAllOfAllValues:StringNotEquals {}", a), nothing.request()));
    // Of another type.
    for (const auto* test : {"NumericNotEquals 1", "DateTimeNotEquals '2026-01-01T00:00:00Z'",
                             "GuidNotEquals 8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "BoolNotEquals true",
                             "ForAllOfAllValues:NumericNotEquals {1}"}) {
        EXPECT_FALSE(holds(fmt::format("{} {}", a, test), word.request())) << test;
    }
    // Several values where the operator compares one with one.
    EXPECT_FALSE(holds(fmt::format("{} NumericEquals 1", a), several.request()));
    EXPECT_FALSE(holds(fmt::format("{} NumericNotEquals 3", a), several.request()));
    EXPECT_FALSE(holds(fmt::format("1 NumericEquals {}", a), several.request()));
    // An empty value is a value.
    EXPECT_TRUE(holds(fmt::format("{} StringEquals ''", a), empty.request()));
    EXPECT_TRUE(holds(fmt::format("{} StringNotEquals 'x'", a), empty.request()));
}

} // namespace
} // namespace berth::rbac
