#include "directory/graph_list.hpp"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

namespace berth::directory {
namespace {

const boost::json::object robot = boost::json::parse(R"({"id":"1","displayName":"O'Neil","accountEnabled":true,"mail":null,
    "servicePrincipalNames":["Abc","https://x"],"nested":{}})")
                                      .as_object();

TEST(GraphFilter, Matches) {
    struct Case {
        std::string_view filter;
        bool expected;
    };
    const Case cases[] = {
        {"", true},
        {"displayName eq 'o''neil'", true},
        {"displayName eq 'Neil'", false},
        {"displayName ne 'x'", true},
        {"DISPLAYNAME eq 'O''Neil' and accountEnabled eq true", true},
        {"accountEnabled eq false", false},
        {"servicePrincipalNames/any(c:c eq 'ABC')", true},
        {"servicePrincipalNames/any(c:c eq 'ab')", false},
        {"startswith(displayName,'o''n')", true},
        {"startswith(displayName,'x')", false},
        {"mail eq null", true},
        {"mail eq 'x'", false},
    };
    for (const Case& c : cases) {
        const auto terms = gateway::parse_filter(c.filter);
        ASSERT_TRUE(terms) << c.filter;
        const auto matched = matches(*terms, robot);
        ASSERT_TRUE(matched) << c.filter << matched.error().message;
        EXPECT_EQ(*matched, c.expected) << c.filter;
    }
}

TEST(GraphFilter, RefusesWhatItCannotTell) {
    for (const std::string_view filter :
         {"secretText eq 'x'", "displayName gt 'x'", "nested eq 'x'", "servicePrincipalNames eq 'x'",
          "displayName/any(c:c eq 'x')", "servicePrincipalNames/any(c:c ne 'x')", "endswith(displayName,'x')",
          "startswith(displayName)", "startswith(unknown,'x')"}) {
        const auto terms = gateway::parse_filter(filter);
        ASSERT_TRUE(terms) << filter;
        EXPECT_FALSE(matches(*terms, robot)) << filter;
    }
}

TEST(GraphPage, IsInTheOrderOfIdsAndFull) {
    std::vector<boost::json::object> all;
    for (const char* id : {"d", "a", "c", "b", "e"}) all.push_back({{"id", id}, {"displayName", id}});
    GraphQuery query;
    query.limit = 2;
    auto page = GraphPage::select(query, all);
    ASSERT_TRUE(page);
    ASSERT_EQ(page->items.size(), 2U);
    EXPECT_EQ(page->items[0].at("id").as_string(), "a");
    EXPECT_TRUE(page->more);
    query.after = "d";
    page = GraphPage::select(query, all);
    ASSERT_EQ(page->items.size(), 1U);
    EXPECT_FALSE(page->more);
    query.after.clear();
    query.terms = *gateway::parse_filter("displayName ne 'b'");
    query.limit = 4;
    page = GraphPage::select(query, all);
    EXPECT_EQ(page->items.size(), 4U);
    EXPECT_FALSE(page->more) << "full, and at the end";
}

} // namespace
} // namespace berth::directory
