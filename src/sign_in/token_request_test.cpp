#include "sign_in/openid_metadata.hpp"
#include "sign_in/requested_access.hpp"
#include "sign_in/token_request.hpp"

#include "base/encoding.hpp"

#include <gtest/gtest.h>

namespace berth::sign_in {
namespace {

constexpr std::string_view plain = "grant_type=client_credentials&client_id=id&client_secret=se%2Bcret";

TEST(TokenRequest, ReadsTheClientAndItsForm) {
    const auto request = TokenRequest::parse(TokenForm::v2, std::string(plain) + "&scope=a+b&empty=", std::nullopt);
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request->grant_type, "client_credentials");
    EXPECT_EQ(request->client_id, "id");
    EXPECT_EQ(request->client_secret.reveal(), "se+cret");
    EXPECT_EQ(request->find("scope"), "a b");
    EXPECT_EQ(request->find("other"), "");
    EXPECT_TRUE(request->require("scope"));
    for (const std::string_view lacking : {"empty", "other"}) {
        const auto value = request->require(lacking);
        ASSERT_FALSE(value) << lacking;
        EXPECT_TRUE(value.error().message.starts_with("AADSTS900144: ")) << value.error().message;
    }
}

TEST(TokenRequest, KnowsWhatAProgramAsksFor) {
    struct Case {
        TokenForm form;
        std::string_view what;
        std::string_view resource;
    };
    const Case cases[] = {
        {TokenForm::v2, "scope=https%3A%2F%2Fmanagement.azure.com%2F.default", "https://management.azure.com"},
        {TokenForm::v2, "scope=https://localhost:5443//.default", "https://localhost:5443/"},
        {TokenForm::v2, "scope=openid+profile+https://graph.microsoft.com/.default+offline_access",
         "https://graph.microsoft.com"},
        {TokenForm::v2, "scope=https://a/.default&resource=https://b", "https://a"},
        {TokenForm::v1, "resource=https://management.azure.com/", "https://management.azure.com/"},
        {TokenForm::adfs, "resource=https://a/", "https://a/"},
        {TokenForm::adfs, "scope=https://a/.default&client_info=1&claims=%7B%7D", "https://a"},
    };
    for (const Case& c : cases) {
        const auto request = TokenRequest::parse(c.form, std::string(plain) + "&" + std::string(c.what), std::nullopt);
        ASSERT_TRUE(request) << c.what << request.error().message;
        const auto resource = resource_for_client(*request);
        ASSERT_TRUE(resource) << c.what << resource.error().message;
        EXPECT_EQ(*resource, c.resource) << c.what;
    }
}

TEST(TokenRequest, TakesTheClientFromTheHeader) {
    const std::string header = "basic " + to_base64(as_bytes("my%3Aid:sec:ret"));
    const std::string form = "grant_type=client_credentials&scope=https://a/.default";
    const auto request = TokenRequest::parse(TokenForm::v2, form, header);
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request->client_id, "my:id");
    EXPECT_EQ(request->client_secret.reveal(), "sec:ret");
    EXPECT_FALSE(TokenRequest::parse(TokenForm::v2, form + "&client_secret=x", header)) << "two ways at once";
    EXPECT_FALSE(TokenRequest::parse(TokenForm::v2, form, "Basic %%%"));
    EXPECT_FALSE(TokenRequest::parse(TokenForm::v2, form, "Basic " + to_base64(as_bytes("no-colon"))));
    EXPECT_FALSE(TokenRequest::parse(TokenForm::v2, form, "Bearer x"));
}

TEST(TokenRequest, RefusesInEntrasWords) {
    struct Case {
        std::string_view body;
        std::string_view number;
    };
    const Case cases[] = {
        {"", "AADSTS900144: "},
        {"%zz", "AADSTS900144: "},
        {"grant_type=client_credentials&grant_type=client_credentials", "AADSTS9000411: "},
        {"grant_type=client_credentials&client_id=x&scope=a&scope=b", "AADSTS9000411: "},
        {"grant_type=client_credentials&client_secret=x", "AADSTS900144: "},
    };
    for (const Case& c : cases) {
        const auto request = TokenRequest::parse(TokenForm::v2, c.body, std::nullopt);
        ASSERT_FALSE(request) << c.body;
        EXPECT_EQ(request.error().protocol_code, "invalid_request") << c.body;
        EXPECT_TRUE(request.error().message.starts_with(c.number)) << c.body << " " << request.error().message;
        EXPECT_TRUE(request.error().detail.is_array()) << c.body;
    }
}

TEST(TokenRequest, RefusesWhatAProgramCannotAskFor) {
    struct Case {
        TokenForm form;
        std::string_view what;
        std::string_view error;
        std::string_view number;
    };
    const Case cases[] = {
        {TokenForm::v2, "", "invalid_scope", "AADSTS90014: "},
        {TokenForm::v2, "scope=openid", "invalid_scope", "AADSTS90014: "},
        {TokenForm::v2, "scope=a", "invalid_scope", "AADSTS1002012: "},
        {TokenForm::v2, "scope=/.default", "invalid_scope", "AADSTS1002012: "},
        {TokenForm::v2, "scope=a/.default+b/.default", "invalid_scope", "AADSTS1002012: "},
        {TokenForm::v1, "scope=a/.default", "invalid_request", "AADSTS900144: "},
    };
    for (const Case& c : cases) {
        const auto request = TokenRequest::parse(c.form, std::string(plain) + "&" + std::string(c.what), std::nullopt);
        ASSERT_TRUE(request) << c.what;
        const auto resource = resource_for_client(*request);
        ASSERT_FALSE(resource) << c.what;
        EXPECT_EQ(resource.error().protocol_code, c.error) << c.what;
        EXPECT_TRUE(resource.error().message.starts_with(c.number)) << c.what << " " << resource.error().message;
    }
}

TEST(RequestedAccess, ReadsWhatPeoplesClientsAskFor) {
    struct Case {
        TokenForm form;
        std::string_view scope;
        std::string_view resource;
        RequestedAccess access;
    };
    const Case cases[] = {
        {TokenForm::v2,
         "https://management.core.windows.net//.default offline_access openid profile",
         "",
         {.resource = "https://management.core.windows.net/",
          .scope = "https://management.core.windows.net//.default offline_access openid profile",
          .permissions = "user_impersonation",
          .open_id = true,
          .offline_access = true}},
        {TokenForm::v2,
         "openid",
         "",
         {.resource = "https://graph.microsoft.com",
          .scope = "openid",
          .permissions = "User.Read",
          .open_id = true,
          .offline_access = false}},
        {TokenForm::v2,
         " User.Read  Group.Read.All",
         "",
         {.resource = "https://graph.microsoft.com",
          .scope = "User.Read Group.Read.All",
          .permissions = "User.Read Group.Read.All",
          .open_id = false,
          .offline_access = false}},
        {TokenForm::v1,
         "",
         "https://a",
         {.resource = "https://a",
          .scope = "user_impersonation",
          .permissions = "user_impersonation",
          .open_id = true,
          .offline_access = true}},
    };
    for (const Case& c : cases) {
        const auto access = RequestedAccess::parse(c.form, c.scope, c.resource);
        ASSERT_TRUE(access) << c.scope;
        EXPECT_EQ(*access, c.access) << c.scope;
    }
    for (const std::string_view bad : {"", "https://a/.default https://b/.default", "/.default", "https://a/"}) {
        const auto access = RequestedAccess::parse(TokenForm::v2, bad, "https://ignored");
        ASSERT_FALSE(access) << bad;
        EXPECT_EQ(access.error().protocol_code, "invalid_scope") << bad;
    }
}

TEST(OpenIdMetadata, NamesAnIssuerOnTheAddressThatWasAsked) {
    for (const auto& document : {tenant_metadata("https://h:1", "t", true), tenant_metadata("https://h:1", "t", false),
                                 adfs_metadata("https://h:1")}) {
        for (const std::string_view name : {"issuer", "jwks_uri", "authorization_endpoint", "token_endpoint"}) {
            EXPECT_TRUE(std::string_view(document.at(name).as_string()).starts_with("https://h:1/")) << name;
        }
    }
    EXPECT_EQ(tenant_metadata("https://h:1", "t", true).at("token_endpoint").as_string(), "https://h:1/t/oauth2/v2.0/token");
    EXPECT_EQ(tenant_metadata("https://h:1", "t", false).at("token_endpoint").as_string(), "https://h:1/t/oauth2/token");
    EXPECT_EQ(adfs_metadata("https://h:1").at("token_endpoint").as_string(), "https://h:1/adfs/oauth2/token");
}

} // namespace
} // namespace berth::sign_in
