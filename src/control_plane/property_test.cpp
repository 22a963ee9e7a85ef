#include "control_plane/property.hpp"

#include "base/ip_address.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <gtest/gtest.h>

namespace berth::control_plane {
namespace {

using Kind = Property::Kind;

bool is_ip_rule(std::string_view text) { return IpNetwork::parse(text).has_value(); }

const std::vector<Property>& properties() {
    static const std::vector<Property> all{
        {.name = "flag", .kind = Kind::flag, .initial = false},
        {.name = "days", .kind = Kind::number, .initial = 7, .least = 0, .most = 365},
        {.name = "choice", .kind = Kind::choice, .initial = "On", .choices = {"On", "Off"}, .refused = {"Later"}},
        {.name = "rule", .kind = Kind::text, .check = is_ip_rule},
        {.name = "shown", .initial = "fixed"},
        {.name = "group",
         .kind = Kind::object,
         .members = {{.name = "inner", .kind = Kind::flag, .initial = true, .refused = {false}}}},
        {.name = "list",
         .kind = Kind::list,
         .initial = boost::json::array{},
         .members = {{.name = "value", .kind = Kind::text},
                     {.name = "action", .kind = Kind::choice, .initial = "Allow", .choices = {"Allow"}}}}};
    return all;
}

std::string apply(std::string_view given) {
    auto result = apply_properties(properties(), boost::json::parse(given), initial_properties(properties()));
    return result ? boost::json::serialize(*result) : "refused: " + result.error().message;
}

TEST(Property, InitialValues) {
    EXPECT_EQ(apply("{}"), R"({"flag":false,"days":7,"choice":"On","shown":"fixed","group":{"inner":true},"list":[]})");
    EXPECT_EQ(apply("null"), apply("{}"));
}

TEST(Property, TakesWhatIsGiven) {
    struct Case {
        std::string_view given;
        std::string_view key;
        std::string_view value;
    };
    const Case cases[] = {
        {R"({"flag":true})", "flag", "true"},
        {R"({"FLAG":true})", "flag", "true"},
        {R"({"flag":null})", "flag", "false"},
        {R"({"days":365})", "days", "365"},
        {R"({"choice":"off"})", "choice", R"("Off")"},
        {R"({"rule":"10.0.0.0/8"})", "rule", R"("10.0.0.0/8")"},
        {R"({"shown":"other"})", "shown", R"("fixed")"},
        {R"({"shown":5})", "shown", R"("fixed")"},
        {R"({"group":{}})", "group", R"({"inner":true})"},
        {R"({"group":{"inner":true,"more":1}})", "group", R"({"inner":true})"},
        {R"({"list":[{"value":"a"}]})", "list", R"([{"action":"Allow","value":"a"}])"},
    };
    for (const Case& c : cases) {
        auto result = apply_properties(properties(), boost::json::parse(c.given), initial_properties(properties()));
        ASSERT_TRUE(result) << c.given << result.error().message;
        EXPECT_EQ(boost::json::serialize(result->at(c.key)), c.value) << c.given;
    }
    EXPECT_EQ(apply(R"({"unknown":{"deep":[1]}})"), apply("{}"));
}

TEST(Property, RefusesOtherTypesAndValues) {
    for (const std::string_view given :
         {R"({"flag":"true"})", R"({"flag":1})", R"({"days":-1})", R"({"days":366})", R"({"days":7.5})", R"({"days":"7"})",
          R"({"choice":"Perhaps"})", R"({"choice":true})", R"({"choice":"later"})", R"({"rule":"example.org"})",
          R"({"rule":7})", R"({"group":[]})", R"({"group":{"inner":false}})", R"({"list":{}})", R"({"list":[5]})",
          R"({"list":[{"value":1}]})", R"([])", R"("x")"}) {
        const auto result = apply_properties(properties(), boost::json::parse(given), initial_properties(properties()));
        ASSERT_FALSE(result) << given;
        EXPECT_EQ(result.error().code, ErrorCode::invalid_parameter) << given;
        EXPECT_TRUE(result.error().message.contains("'properties")) << result.error().message;
    }
}

TEST(Property, SaysThatASettingIsNotHonoured) {
    for (const std::string_view given : {R"({"choice":"LATER"})", R"({"group":{"inner":false}})"}) {
        const auto result = apply_properties(properties(), boost::json::parse(given), {});
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().protocol_code, "UnsupportedPropertyValue");
    }
}

TEST(Property, CompletesWhatWasStoredByAnEarlierVersion) {
    const auto stored = boost::json::parse(R"({"flag":true,"group":{},"gone":1})").as_object();
    const auto complete = complete_properties(properties(), stored);
    EXPECT_TRUE(complete.at("flag").as_bool());
    EXPECT_EQ(complete.at("days").as_int64(), 7);
    EXPECT_TRUE(complete.at("group").at("inner").as_bool());
    EXPECT_FALSE(complete.contains("gone"));
    EXPECT_FALSE(complete.contains("rule"));
}

} // namespace
} // namespace berth::control_plane
