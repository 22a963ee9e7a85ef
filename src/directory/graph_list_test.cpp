#include "directory/graph_list.hpp"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

namespace berth::directory {
namespace {

const boost::json::object robot = boost::json::parse(R"({"id":"1","displayName":"O'Neil","accountEnabled":true,"mail":null,
    "servicePrincipalNames":["Abc","https://x"],"nested":{"deep":{"list":["a"],"text":"b"}},"number":5,
    "createdDateTime":"2026-11-22T21:10:27.1234560Z"})")
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
        {"displayName eq 'x' or accountEnabled eq true", true},
        {"not (displayName eq 'x' or accountEnabled eq true)", false},
        {"displayName in ('x','o''neil')", true},
        {"displayName in ('x','y')", false},
        {"endswith(displayName,'EIL')", true},
        {"contains(displayName,'z')", false},
        {"displayName gt 'n' and displayName lt 'p'", true},
        {"displayName ge 'p'", false},
        {"createdDateTime ge 2026-11-22T22:10:27.123456+01:00", true},
        {"createdDateTime gt 2026-11-22T22:10:27.123456+01:00", false},
        {"createdDateTime le 2026-11-22T21:10:28Z", true},
        {"nested/deep/text eq 'b'", true},
        {"nested/deep/list/any(x:x eq 'a')", true},
        {"number eq 5", true},
    };
    for (const Case& c : cases) {
        const auto terms = gateway::parse_filter_expression(c.filter);
        ASSERT_TRUE(terms) << c.filter;
        const auto matched = matches(*terms, robot);
        ASSERT_TRUE(matched) << c.filter << matched.error().message;
        EXPECT_EQ(*matched, c.expected) << c.filter;
    }
}

TEST(GraphFilter, RefusesWhatItCannotTell) {
    for (const std::string_view filter :
         {"secretText eq 'x'", "accountEnabled gt 'x'", "nested eq 'x'", "servicePrincipalNames eq 'x'",
          "displayName/any(c:c eq 'x')", "servicePrincipalNames/any(c:c ne 'x')", "tolower(displayName,'x')",
          "startswith(displayName)", "startswith(unknown,'x')", "nested/none eq 'x'", "displayName/deep eq 'x'",
          "accountEnabled eq true or secretText eq 'x'"}) {
        const auto terms = gateway::parse_filter_expression(filter);
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
    query.after = GraphQuery::Place{"", "d"};
    page = GraphPage::select(query, all);
    ASSERT_EQ(page->items.size(), 1U);
    EXPECT_FALSE(page->more);
    EXPECT_FALSE(page->count);
    query.after.reset();
    query.filter = *gateway::parse_filter_expression("displayName ne 'b'");
    query.limit = 4;
    query.count = true;
    page = GraphPage::select(query, all);
    EXPECT_EQ(page->items.size(), 4U);
    EXPECT_FALSE(page->more) << "full, and at the end";
    EXPECT_EQ(page->count, 4U);
}

TEST(GraphPage, SortsAndSearches) {
    std::vector<boost::json::object> all;
    const std::pair<const char*, const char*> people[] = {{"1", "Cleo"}, {"2", "ada"}, {"3", "Bob"}, {"4", "Ada"}};
    for (const auto& [id, name] : people) all.push_back({{"id", id}, {"displayName", name}, {"list", boost::json::array{}}});
    const auto ids = [&](const GraphQuery& query) {
        std::string out;
        const auto page = GraphPage::select(query, all);
        if (!page) return page.error().message;
        for (const auto& item : page->items) out += std::string_view(item.at("id").get_string());
        return out;
    };
    GraphQuery query;
    query.order_by = "displayName";
    EXPECT_EQ(ids(query), "2431") << "without regard to case, then by id";
    query.descending = true;
    EXPECT_EQ(ids(query), "1324");
    query.after = GraphQuery::Place{"bob", "3"};
    EXPECT_EQ(ids(query), "24");
    query.order_by = "list";
    EXPECT_NE(ids(query).find("cannot sort"), std::string::npos);
    GraphQuery search;
    search.search = {{"displayName", "A"}};
    EXPECT_EQ(ids(search), "24");
    search.search.push_back({"id", "4"});
    EXPECT_EQ(ids(search), "4");
    search.search.push_back({"nothing", "4"});
    EXPECT_NE(ids(search).find("cannot look into"), std::string::npos);
}

} // namespace
} // namespace berth::directory
