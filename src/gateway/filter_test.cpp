#include "gateway/filter.hpp"

#include <gtest/gtest.h>

namespace berth::gateway {
namespace {

using Kind = FilterTerm::Kind;

struct Good {
    std::string_view text;
    Kind kind;
    std::string_view name;
    std::string_view operation;
    std::vector<std::string> values;
};

TEST(Filter, ReadsOneCondition) {
    const std::vector<Good> cases{
        {"roleName eq 'AcrPull'", Kind::comparison, "roleName", "eq", {"AcrPull"}},
        {"  displayName  EQ  'it''s'  ", Kind::comparison, "displayName", "eq", {"it's"}},
        {"accountEnabled eq true", Kind::comparison, "accountEnabled", "eq", {"true"}},
        {"eventTimestamp ge 2026-01-01T00:00:00+01:00",
         Kind::comparison,
         "eventTimestamp",
         "ge",
         {"2026-01-01T00:00:00+01:00"}},
        {"atScope()", Kind::function, "atScope", "", {}},
        {"assignedTo('a b')", Kind::function, "assignedTo", "", {"a b"}},
        {"startswith(displayName, 'x')", Kind::function, "startswith", "", {"displayName", "x"}},
        {"servicePrincipalNames/any(c:c eq 'n')", Kind::any, "servicePrincipalNames", "eq", {"n"}},
        {"((roleName eq ''))", Kind::comparison, "roleName", "eq", {""}},
    };
    for (const Good& good : cases) {
        const auto terms = parse_filter(good.text);
        ASSERT_TRUE(terms) << good.text << ": " << terms.error().message;
        ASSERT_EQ(terms->size(), 1u) << good.text;
        EXPECT_EQ(terms->front().kind, good.kind) << good.text;
        EXPECT_EQ(terms->front().name, good.name) << good.text;
        EXPECT_EQ(terms->front().operation, good.operation) << good.text;
        EXPECT_EQ(terms->front().values, good.values) << good.text;
    }
}

TEST(Filter, ReadsConditionsJoinedByAnd) {
    const auto terms = parse_filter("atScope() and (assignedTo('x') AND principalId eq 'y')");
    ASSERT_TRUE(terms) << terms.error().message;
    ASSERT_EQ(terms->size(), 3u);
    EXPECT_TRUE((*terms)[0].is_call("ATSCOPE", 0));
    EXPECT_TRUE((*terms)[1].is_call("assignedTo", 1));
    EXPECT_TRUE((*terms)[2].is_equality("PrincipalId"));
    EXPECT_FALSE((*terms)[2].is_equality("principal"));
}

TEST(Filter, NothingIsNoCondition) {
    EXPECT_TRUE(parse_filter("").value().empty());
    EXPECT_TRUE(parse_filter("   ").value().empty());
}

TEST(Filter, RefusesWhatItDoesNotUnderstand) {
    for (const std::string_view text :
         {"roleName", "roleName eq", "roleName eq 'x", "roleName like 'x'", "eq 'x'", "(roleName eq 'x'", "roleName eq 'x')",
          "a eq 'x' or b eq 'y'", "a eq 'x' and", "atScope(", "atScope('x'", "atScope(,)", "x/any(c:d eq 'y')",
          "x/any(c eq 'y')", "not a eq 'b'", "1 eq 1", "a eq 'x'; drop table x", "\x01", "''"}) {
        const auto terms = parse_filter(text);
        ASSERT_FALSE(terms) << text;
        EXPECT_EQ(terms.error().code, ErrorCode::invalid_parameter) << text;
    }
}

TEST(Filter, HasLimits) {
    EXPECT_FALSE(parse_filter(std::string(3000, ' ')));
    EXPECT_FALSE(parse_filter(std::string(40, '(') + "a eq 1" + std::string(40, ')')));
    std::string many = "a eq 1";
    for (int i = 0; i < 31; ++i) many += " and a eq 1";
    EXPECT_TRUE(parse_filter(many));
    EXPECT_FALSE(parse_filter(many + " and a eq 1"));
}

// Written back with every group in brackets: `[a & b]`, `[a | b]`, `!a`.
std::string shape(const FilterExpression& in) {
    if (in.kind == FilterExpression::Kind::term) return in.term.name + ":" + in.term.operation;
    if (in.kind == FilterExpression::Kind::none) return "!" + shape(in.parts.front());
    std::string out;
    for (const auto& part : in.parts) {
        if (!out.empty()) out += in.kind == FilterExpression::Kind::all ? " & " : " | ";
        out += shape(part);
    }
    return "[" + out + "]";
}

TEST(FilterExpressionTest, ReadsAndOrNotAndIn) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"", "[]"},
        {"a eq '1'", "a:eq"},
        {"a eq '1' or b eq '2' and c eq '3'", "[a:eq | [b:eq & c:eq]]"},
        {"(a eq '1' or b eq '2') and c eq '3'", "[[a:eq | b:eq] & c:eq]"},
        {"not a eq '1' and b ne '2'", "[!a:eq & b:ne]"},
        {"NOT(a eq '1' OR startswith(b,'2'))", "![a:eq | startswith:]"},
        {"not not a eq '1'", "!!a:eq"},
        {"a in ('1', '2') or b/any(x:x eq '3')", "[a:in | b:eq]"},
        {"notes eq 'x' and order eq 'y' and into eq 'z'", "[notes:eq & order:eq & into:eq]"},
    };
    for (const auto& [text, expected] : cases) {
        const auto read = parse_filter_expression(text);
        ASSERT_TRUE(read) << text << ": " << read.error().message;
        EXPECT_EQ(shape(*read), expected) << text;
    }
    EXPECT_EQ(parse_filter_expression("a in ('1','2')")->term.values, (std::vector<std::string>{"1", "2"}));
}

TEST(FilterExpressionTest, RefusesTheRest) {
    std::string deep;
    for (int i = 0; i < 20; ++i) deep += "not ";
    for (const std::string& bad :
         {std::string("or"), std::string("a eq '1' or"), std::string("or a eq '1'"), std::string("not"), std::string("a in ()"),
          std::string("a in '1'"), std::string("a in ('1'"), std::string("(a eq '1' or b eq '2'"), deep + "a eq '1'"}) {
        const auto read = parse_filter_expression(bad);
        ASSERT_FALSE(read) << bad;
        EXPECT_EQ(read.error().code, ErrorCode::invalid_parameter) << bad;
    }
    for (const std::string_view more : {"a eq '1' or b eq '2'", "not a eq '1'", "a in ('1')"}) {
        EXPECT_FALSE(parse_filter(more)) << more;
    }
}

} // namespace
} // namespace berth::gateway
