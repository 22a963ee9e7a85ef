#include "app/client/role_document.hpp"

#include "app/client/repository_actions.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace berth::app {
namespace {

TEST(RoleDocumentTest, TakesTheFormsThatPeopleHave) {
    const auto expected = boost::json::parse(R"({"roleName":"Tag lister","description":"d",
        "assignableScopes":["/subscriptions/s"],"permissions":[{"actions":["a/read"],"dataActions":["b/read"]}]})");
    for (
        const char* text :
        {R"({"Name":"Tag lister","Description":"d","Actions":["a/read"],"DataActions":["b/read"],"AssignableScopes":["/subscriptions/s"]})",
         R"({"name":"Tag lister","description":"d","actions":["a/read"],"dataActions":["b/read"],"IsCustom":true})",
         R"({"roleName":"Tag lister","description":"d","permissions":[{"actions":["a/read"],"dataActions":["b/read"]}]})",
         R"({"type":"Microsoft.Authorization/roleDefinitions","properties":{"roleName":"Tag lister","type":"CustomRole","description":"d",
              "createdOn":"2026","permissions":[{"actions":["a/read"],"dataActions":["b/read"]}],"assignableScopes":["/subscriptions/s"]}})"}) {
        const auto role = RoleDocument::parse(text, "/subscriptions/s");
        ASSERT_TRUE(role) << text << role.error().message;
        EXPECT_EQ(boost::json::value(role->properties), expected) << text << boost::json::serialize(role->properties);
        EXPECT_EQ(role->guid, "");
    }
}

TEST(RoleDocumentTest, FindsTheGuid) {
    const std::string guid = "11111111-2222-3333-4444-555555555555";
    for (const std::string& text :
         {R"({"id":"/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/)" + guid + R"(","roleName":"x"})",
          R"({"name":")" + guid + R"(","roleName":"x"})"}) {
        const auto role = RoleDocument::parse(text, "/s");
        ASSERT_TRUE(role) << text;
        EXPECT_EQ(role->guid, guid);
        EXPECT_EQ(role->properties.at("roleName"), "x");
    }
}

TEST(RoleDocumentTest, RefusesWhatNobodyMeant) {
    for (const auto& [text, word] : std::initializer_list<std::pair<const char*, const char*>>{
             {"", ""},
             {"[]", "object"},
             {"{}", "Name"},
             {R"({"Name":"x","Action":["a"]})", "Action"},
             {R"({"Name":"x","Actions":"a"})", "Actions"},
             {R"({"Name":"x","Actions":[1]})", "Actions"},
             {R"({"Name":1})", "Name"},
             {R"({"Name":"x","Actions":["a"],"permissions":[]})", "once"},
             {R"({"Name":"x","properties":[]})", "properties"},
             {R"({"Name":"x","AssignableScopes":"/"})", "AssignableScopes"}}) {
        const auto role = RoleDocument::parse(text, "/s");
        ASSERT_FALSE(role) << text;
        EXPECT_NE(role.error().message.find(word), std::string::npos) << role.error().message;
    }
}

TEST(RepositoryActionsTest, StandAsArmWritesThem) {
    Values values;
    values.set("repository", {{"Hello", "content/read", "Metadata/Read"}, {"team/*", "content/write"}});
    const auto actions = repository_actions(values, "repository");
    ASSERT_TRUE(actions);
    EXPECT_EQ(*actions, (std::set<std::string>{"repositories/hello/content/read", "repositories/hello/metadata/read",
                                               "repositories/team/*/content/write"}));
    EXPECT_TRUE(repository_actions(values, "other")->empty());
    for (const Values::Occurrences& bad :
         {Values::Occurrences{{"hello"}}, Values::Occurrences{{"hello", "content/eat"}}, Values::Occurrences{{}}}) {
        values.set("repository", bad);
        EXPECT_FALSE(repository_actions(values, "repository"));
    }
}

TEST(ValuesTest, NumbersHaveTheirRange) {
    Values values;
    EXPECT_EQ(*number(values, "days", 1, 10, 7), 7);
    values.set("days", {{"10"}});
    EXPECT_EQ(*number(values, "days", 1, 10, 7), 10);
    for (const char* bad : {"0", "11", "-1", "", "1.5", "ten", "99999999999999999999", "1 "}) {
        values.set("days", {{bad}});
        EXPECT_FALSE(number(values, "days", 1, 10, 7)) << bad;
    }
}

} // namespace
} // namespace berth::app
