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

} // namespace
} // namespace berth::gateway
