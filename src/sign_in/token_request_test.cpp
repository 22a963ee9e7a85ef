#include "sign_in/openid_metadata.hpp"
#include "sign_in/token_request.hpp"

#include "base/encoding.hpp"

#include <gtest/gtest.h>

namespace berth::sign_in {
namespace {

constexpr std::string_view plain = "grant_type=client_credentials&client_id=id&client_secret=se%2Bcret";

TEST(TokenRequest, ReadsEveryForm) {
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
        EXPECT_EQ(request->client_id, "id");
        EXPECT_EQ(request->client_secret.reveal(), "se+cret");
        EXPECT_EQ(request->resource, c.resource) << c.what;
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
        TokenForm form;
        std::string_view body;
        std::string_view error;
        std::string_view number;
    };
    const Case cases[] = {
        {TokenForm::v2, "", "invalid_request", "AADSTS900144: "},
        {TokenForm::v2, "%zz", "invalid_request", "AADSTS900144: "},
        {TokenForm::v2, "grant_type=password&username=a", "unsupported_grant_type", "AADSTS70003: "},
        {TokenForm::v2, "grant_type=client_credentials&grant_type=client_credentials", "invalid_request", "AADSTS9000411: "},
        {TokenForm::v2, "grant_type=client_credentials&client_secret=x", "invalid_request", "AADSTS900144: "},
        {TokenForm::v2, "grant_type=client_credentials&client_id=x", "invalid_client", "AADSTS7000216: "},
        {TokenForm::v2, "grant_type=client_credentials&client_id=x&client_assertion=y", "invalid_client", "AADSTS7000216: "},
        {TokenForm::v2, "grant_type=client_credentials&client_id=x&client_secret=y", "invalid_scope", "AADSTS90014: "},
        {TokenForm::v2, "grant_type=client_credentials&client_id=x&client_secret=y&scope=openid", "invalid_scope",
         "AADSTS90014: "},
        {TokenForm::v2, "grant_type=client_credentials&client_id=x&client_secret=y&scope=a", "invalid_scope",
         "AADSTS1002012: "},
        {TokenForm::v2, "grant_type=client_credentials&client_id=x&client_secret=y&scope=/.default", "invalid_scope",
         "AADSTS1002012: "},
        {TokenForm::v2, "grant_type=client_credentials&client_id=x&client_secret=y&scope=a/.default+b/.default",
         "invalid_scope", "AADSTS1002012: "},
        {TokenForm::v1, "grant_type=client_credentials&client_id=x&client_secret=y&scope=a/.default", "invalid_request",
         "AADSTS900144: "},
    };
    for (const Case& c : cases) {
        const auto request = TokenRequest::parse(c.form, c.body, std::nullopt);
        ASSERT_FALSE(request) << c.body;
        EXPECT_EQ(request.error().protocol_code, c.error) << c.body;
        EXPECT_TRUE(request.error().message.starts_with(c.number)) << c.body << " " << request.error().message;
        EXPECT_TRUE(request.error().detail.is_array()) << c.body;
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
