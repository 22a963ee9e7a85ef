#include "directory/graph_property.hpp"

#include "directory/graph_type.hpp"
#include "directory/redirect_address.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace berth::directory {
namespace {

using boost::json::object;

object json(std::string_view text) { return boost::json::parse(text).get_object(); }

Result<object> patched(const GraphType& type, std::string_view before, std::string_view patch) {
    return patched_properties(type.properties, json(before), json(patch));
}

TEST(GraphProperty, APatchMergesObjectsAndReplacesLists) {
    struct Case {
        std::string_view before;
        std::string_view patch;
        std::string_view after;
    };
    const Case cases[] = {
        {"{}", "{}", "{}"},
        {R"({"tags":["a"]})", R"({"tags":["b","c"],"@odata.type":"x","tags@odata.type":5})", R"({"tags":["b","c"]})"},
        {R"({"tags":["a"],"notes":"n"})", R"({"tags":null})", R"({"notes":"n"})"},
        {R"({"web":{"homePageUrl":"https://a/"}})", R"({"web":{"redirectUris":["https://b/"]}})",
         R"({"web":{"homePageUrl":"https://a/","redirectUris":["https://b/"]}})"},
        {R"({"web":{"homePageUrl":"https://a/"}})", R"({"web":{"homePageUrl":null}})", R"({"web":{}})"},
        {"{}", R"({"appRoles":[{"id":"0C0FFEE0-0000-4000-8000-00000000DEAD","allowedMemberTypes":["User"]}]})",
         R"({"appRoles":[{"id":"0c0ffee0-0000-4000-8000-00000000dead","allowedMemberTypes":["User"]}]})"},
        {"{}", R"({"signInAudience":"AzureADMyOrg","api":{"requestedAccessTokenVersion":2}})",
         R"({"signInAudience":"AzureADMyOrg","api":{"requestedAccessTokenVersion":2}})"},
    };
    for (const Case& c : cases) {
        const auto after = patched(application_type, c.before, c.patch);
        ASSERT_TRUE(after) << c.patch << after.error().message;
        EXPECT_EQ(*after, json(c.after)) << c.patch << boost::json::serialize(*after);
    }
}

TEST(GraphProperty, WhatIsNotOneIsRefusedByName) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {R"({"nonsense":1})", "Invalid property 'nonsense'"},
        {R"({"tags":"a"})", "'tags' must be an array"},
        {R"({"tags":[5]})", "'tags[0]' must be a text"},
        {R"({"web":[]})", "'web' must be an object"},
        {R"({"web":{"nonsense":1}})", "In 'web': Invalid property 'nonsense'"},
        {R"({"web":{"redirectUris":["javascript:x"]}})", "'redirectUris[0]' must be"},
        {R"({"web":{"redirectUris":["msauth://x"]}})", "'redirectUris[0]' must be"},
        {R"({"isFallbackPublicClient":"yes"})", "must be true or false"},
        {R"({"signInAudience":"Everybody"})", "must be one of"},
        {R"({"api":{"requestedAccessTokenVersion":3}})", "a whole number from 0 to 2"},
        {R"({"api":{"requestedAccessTokenVersion":-1}})", "a whole number from 0 to 2"},
        {R"({"requiredResourceAccess":[{"resourceAppId":"x"}]})", "must be a GUID"},
        {R"({"identifierUris":["no uri"]})", "must be an absolute URI"},
    };
    for (const auto& [patch, message] : cases) {
        const auto after = patched(application_type, "{}", patch);
        ASSERT_FALSE(after) << patch;
        EXPECT_EQ(after.error().code, ErrorCode::invalid_parameter) << patch;
        EXPECT_NE(after.error().message.find(message), std::string::npos) << after.error().message;
    }
    std::string many = R"({"tags":[)";
    for (int i = 0; i < 300; ++i) many += R"("a",)";
    EXPECT_FALSE(patched(application_type, "{}", many + R"("a"]})"));
}

TEST(GraphProperty, WhatBerthIsNotMadeForIsRefusedWithTheReason) {
    EXPECT_EQ(*patched(group_type, "{}", R"({"mailEnabled":false,"securityEnabled":true,"groupTypes":[]})"), object());
    for (const std::string_view patch :
         {R"({"mailEnabled":true})", R"({"securityEnabled":false})", R"({"groupTypes":["Unified"]})"}) {
        const auto after = patched(group_type, "{}", patch);
        ASSERT_FALSE(after) << patch;
        EXPECT_NE(after.error().message.find("can be nothing but"), std::string::npos) << after.error().message;
    }
}

TEST(GraphProperty, AllAreShown) {
    const object shown = shown_properties(application_type.properties, json(R"({"web":{"redirectUris":["https://a/"]}})"));
    EXPECT_EQ(shown.at("web").at("redirectUris").at(0), "https://a/");
    EXPECT_EQ(shown.at("web").at("implicitGrantSettings").at("enableIdTokenIssuance"), false);
    EXPECT_EQ(shown.at("publicClient").at("redirectUris"), boost::json::array());
    EXPECT_TRUE(shown.at("optionalClaims").is_null());
    EXPECT_EQ(shown.at("signInAudience"), "AzureADMyOrg");
    // What is shown is a patch that makes the same.
    for (const GraphType* type : graph_types()) {
        const auto all = shown_properties(type->properties, {});
        const auto again = patched_properties(type->properties, {}, all);
        ASSERT_TRUE(again) << type->name << again.error().message;
        EXPECT_EQ(shown_properties(type->properties, *again), all) << type->name;
    }
}

TEST(RedirectAddress, WhereABrowserMayBeSent) {
    using enum RedirectPlatform;
    for (const std::string_view good : {"https://app.example.org", "https://app.example.org:8443/back?x=1", "http://localhost",
                                        "http://localhost:8400/", "http://127.0.0.1:3000/x", "http://[::1]:3000/x"}) {
        EXPECT_TRUE(check_redirect_address(good, web)) << good;
        EXPECT_TRUE(check_redirect_address(good, native)) << good;
    }
    for (const std::string_view own : {"msauth://com.example/x", "urn:ietf:wg:oauth:2.0:oob", "com.example.app:/back"}) {
        EXPECT_FALSE(check_redirect_address(own, web)) << own;
        EXPECT_TRUE(check_redirect_address(own, native)) << own;
    }
    for (const std::string_view bad : {"",
                                       "x",
                                       "/back",
                                       "//host/back",
                                       "https:",
                                       "https://",
                                       "https:///x",
                                       "https:host",
                                       "http://app.example.org/",
                                       "http://localhost.example.org/",
                                       "http://localhost@example.org/",
                                       "https://user:pw@example.org/",
                                       "https://*.example.org/",
                                       "https://example.org/*",
                                       "https://example.org/#x",
                                       "https://exa mple.org/",
                                       "https://example.org/\n",
                                       "https://example.org\\x",
                                       "javascript:alert(1)",
                                       "JavaScript:alert(1)",
                                       "data:text/html,x",
                                       "vbscript:x",
                                       "file:///etc/passwd",
                                       "1http://x",
                                       "http://[::1",
                                       "http://\xC3\xA4.example.org/"}) {
        EXPECT_FALSE(check_redirect_address(bad, web)) << bad;
        EXPECT_FALSE(check_redirect_address(bad, native)) << bad;
    }
}

} // namespace
} // namespace berth::directory
