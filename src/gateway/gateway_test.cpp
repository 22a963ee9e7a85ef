#include "base/encoding.hpp"
#include "gateway/authentication.hpp"
#include "gateway/error_response.hpp"
#include "gateway/metrics.hpp"
#include "gateway/paging.hpp"

#include <gtest/gtest.h>

namespace berth::gateway {
namespace {

TEST(Paging, ReadsAndClamps) {
    struct Case {
        std::string_view query;
        std::optional<std::uint64_t> limit;
    };
    const Case cases[] = {
        {"", 100},    {"n=0", 0},    {"n=5", 5},   {"n=99999", 1000}, {"n=99999999999999999999999", 1000},
        {"n=-1", {}}, {"n=", {}},    {"n=1x", {}}, {"n=0x10", {}},    {"n=%31", 1},
        {"n=+1", {}}, {"n=1.0", {}},
    };
    for (const Case& c : cases) {
        const auto page = parse_page(*Parameters::parse(c.query), 100, 1000);
        ASSERT_EQ(page.has_value(), c.limit.has_value()) << c.query;
        if (page) {
            EXPECT_EQ(page->limit, *c.limit) << c.query;
        }
    }
}

TEST(Paging, LinksAsTheRegistryOfAzureDoes) {
    EXPECT_EQ(next_link("/acr/v1/_catalog", "library/busybox", 1),
              "</acr/v1/_catalog?last=library%2Fbusybox&n=1&orderby=>; rel=\"next\"");
}

TEST(Credentials, OfTheAuthorizationHeader) {
    const auto basic = [](std::string_view text) { return "Basic " + to_base64(as_bytes(text)); };
    const auto good = parse_basic(basic("user:pass:word"));
    ASSERT_TRUE(good && *good);
    EXPECT_EQ((*good)->user, "user");
    EXPECT_EQ((*good)->password.reveal(), "pass:word");
    EXPECT_TRUE(parse_basic("Bearer x") && !*parse_basic("Bearer x"));
    for (const std::string& bad : {basic("no-colon"), std::string("Basic %%%"), basic(std::string_view("u:p\0q", 5))}) {
        EXPECT_FALSE(parse_basic(bad)) << bad;
    }
    EXPECT_EQ(parse_bearer("bearer  abc"), "abc");
    EXPECT_FALSE(parse_bearer("Bearerabc"));
    EXPECT_FALSE(parse_bearer("Basic abc"));
}

class ErrorResponse : public testing::Test {
protected:
    const tenant::Registry registry_{.row = 1,
                                     .id = Guid::random(),
                                     .name = "harbor",
                                     .login_server = "harbor.localhost:5443",
                                     .scope = rbac::Scope::root(),
                                     .subscription = Guid::random(),
                                     .mode = tenant::RoleAssignmentMode::registry_permissions,
                                     .admin_user_enabled = false,
                                     .anonymous_pull_enabled = false,
                                     .arm_tokens_accepted = true};
    Route route_{.id = "x",
                 .method = http::Method::put,
                 .pattern = "/v2/{name...}/manifests/{reference}",
                 .protocol = Protocol::registry,
                 .entry = {EntryKind::all, {&permissions::push}, ""},
                 .further = {},
                 .scope = {},
                 .body_limit = 0,
                 .handler = {},
                 .summary = {}};
    ErrorPlace place_{.protocol = Protocol::registry,
                      .route = &route_,
                      .registry = &registry_,
                      .repository = "library/app",
                      .base_address = "https://harbor.localhost:5443",
                      .correlation_id = "id"};
};

TEST_F(ErrorResponse, ChallengesExactlyAsClientsCanParse) {
    const auto response = error_response({ErrorCode::unauthenticated, ""}, place_);
    EXPECT_EQ(response.status, 401U);
    EXPECT_EQ(response.headers.find("WWW-Authenticate"),
              "Bearer realm=\"https://harbor.localhost:5443/oauth2/token\",service=\"harbor.localhost:5443\","
              "scope=\"repository:library/app:pull,push\"");
    place_.had_credentials = true;
    const auto refused = error_response({ErrorCode::forbidden, "no, a=\"b\""}, place_);
    EXPECT_EQ(refused.status, 401U);
    EXPECT_TRUE(
        refused.headers.find("WWW-Authenticate")->ends_with(",error=\"insufficient_scope\",error_description=\"no; a:'b'\""));
    const auto basic = error_response({ErrorCode::forbidden, "the repository Basic"}, place_);
    EXPECT_TRUE(basic.headers.find("WWW-Authenticate")->ends_with(",error=\"insufficient_scope\""));
    const auto expired = error_response({ErrorCode::invalid_credentials, "expired"}, place_);
    EXPECT_TRUE(expired.headers.find("WWW-Authenticate")->ends_with(",error=\"invalid_token\""));
}

TEST_F(ErrorResponse, TheBaseRouteHasNoScope) {
    route_.entry = {EntryKind::filter, {}, ""};
    EXPECT_EQ(challenge(place_, ""), "Bearer realm=\"https://harbor.localhost:5443/oauth2/token\","
                                     "service=\"harbor.localhost:5443\"");
    route_.entry = {EntryKind::all, {&permissions::catalog}, ""};
    EXPECT_TRUE(challenge(place_, "").ends_with(",scope=\"registry:catalog:*\""));
}

TEST_F(ErrorResponse, HasTheShapeOfEachProtocol) {
    const auto body = [](const http::Response& response) { return std::get<std::string>(response.body); };
    EXPECT_EQ(body(error_response({ErrorCode::manifest_unknown, "no such manifest"}, place_)),
              R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"no such manifest","detail":null}]})"
              "\n");
    place_.protocol = Protocol::resource_manager;
    const auto refused = error_response({ErrorCode::forbidden, "no"}, place_);
    EXPECT_EQ(refused.status, 403U);
    EXPECT_EQ(body(refused), R"({"error":{"code":"AuthorizationFailed","message":"no"}})"
                             "\n");
    place_.protocol = Protocol::sign_in;
    EXPECT_NE(body(error_response({ErrorCode::invalid_credentials, "AADSTS7000215"}, place_)).find("invalid_client"),
              std::string::npos);
}

TEST(Metrics, CountsByRouteAndStatus) {
    const Route routes[] = {{.id = "a",
                             .method = http::Method::get,
                             .pattern = "/a",
                             .protocol = Protocol::berth,
                             .entry = {},
                             .further = {},
                             .scope = {},
                             .body_limit = 0,
                             .handler = {},
                             .summary = {}}};
    Metrics metrics(routes);
    metrics.count(&routes[0], 200, std::chrono::microseconds(300));
    metrics.count(nullptr, 404, std::chrono::microseconds(1));
    const std::string text = metrics.to_text();
    EXPECT_NE(text.find("berth_requests_total{route=\"a\",status=\"2xx\"} 1\n"), std::string::npos);
    EXPECT_NE(text.find("berth_requests_total{route=\"none\",status=\"4xx\"} 1\n"), std::string::npos);
    EXPECT_NE(text.find("berth_request_seconds_bucket{route=\"a\",le=\"0.0001\"} 0\n"), std::string::npos);
    EXPECT_NE(text.find("berth_request_seconds_bucket{route=\"a\",le=\"0.0005\"} 1\n"), std::string::npos);
}

} // namespace
} // namespace berth::gateway
