#include "directory/security_attributes.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace berth::directory {
namespace {

using Attributes = std::vector<rbac::SecurityAttribute>;

const Attributes two = {{"Work_Project", {"Baker", "Cascade"}}, {"Work_Team", {"blue"}}};

TEST(SecurityAttributesTest, APatchChangesWhatItNames) {
    struct Case {
        const char* patch;
        Attributes expected;
    };
    const rbac::SecurityAttribute project = two.front();
    const rbac::SecurityAttribute team = two.back();
    const std::vector<Case> cases = {
        {"{}", two},
        {R"({"Work":{}})", two},
        {R"({"Work":{"@odata.type":"#Microsoft.DirectoryServices.CustomSecurityAttributeValue","Team":"red"}})",
         {project, {"Work_Team", {"red"}}}},
        {R"({"Work":{"team":"red"}})", {project, {"Work_team", {"red"}}}},
        {R"({"Work":{"Team":null,"Project":[]}})", {}},
        {R"json({"Area":{"Code@odata.type":"#Collection(String)","Code":["a","b","a"]}})json",
         {{"Area_Code", {"a", "b"}}, project, team}},
    };
    for (const auto& [patch, expected] : cases) {
        const auto after = patched_security_attributes(two, boost::json::parse(patch));
        ASSERT_TRUE(after) << patch << after.error().message;
        EXPECT_EQ(*after, expected) << patch;
    }
}

TEST(SecurityAttributesTest, WhatIsNoTextOrNameIsRefused) {
    const std::string long_name(33, 'x');
    const std::string long_value(65, 'x');
    for (const std::string& patch :
         {std::string("null"), std::string("[]"), std::string("\"x\""), std::string(R"({"Work":null})"),
          std::string(R"({"Work":"x"})"), std::string(R"({"Work":{"Team":4}})"), std::string(R"({"Work":{"Team":true}})"),
          std::string(R"({"Work":{"Team":{}}})"), std::string(R"({"Work":{"Team":["a",1]}})"),
          std::string(R"({"Work":{"Team":""}})"), std::string(R"({"Work":{"Te_am":"a"}})"),
          std::string(R"({"Wo_rk":{"Team":"a"}})"), std::string(R"({"":{"Team":"a"}})"), std::string(R"({"Work":{"":"a"}})"),
          R"({"Work":{")" + long_name + R"(":"a"}})", R"({"Work":{"Team":")" + long_value + R"("}})"}) {
        const auto after = patched_security_attributes(two, boost::json::parse(patch));
        ASSERT_FALSE(after) << patch;
        EXPECT_EQ(after.error().code, ErrorCode::invalid_parameter);
        EXPECT_NE(after.error().message.find("customSecurityAttributes"), std::string::npos) << after.error().message;
    }
}

TEST(SecurityAttributesTest, TheJsonIsAPatchThatMakesTheSame) {
    const auto json = security_attributes_json(two);
    EXPECT_EQ(boost::json::value(json), boost::json::parse(R"json({"Work":{
        "@odata.type":"#Microsoft.DirectoryServices.CustomSecurityAttributeValue",
        "Project@odata.type":"#Collection(String)","Project":["Baker","Cascade"],"Team":"blue"}})json"));
    EXPECT_EQ(*patched_security_attributes({}, json), two);
    EXPECT_TRUE(security_attributes_json({}).empty());
}

TEST(SecurityAttributesTest, AreShownWhenSelected) {
    for (const char* yes : {"customSecurityAttributes", "id, customsecurityattributes ,appId", "x,customSecurityAttributes"}) {
        EXPECT_TRUE(selects_security_attributes(yes)) << yes;
    }
    for (const char* no : {"", ",", "id", "customSecurityAttributesX", "id,custom SecurityAttributes"}) {
        EXPECT_FALSE(selects_security_attributes(no)) << no;
    }
}

} // namespace
} // namespace berth::directory
