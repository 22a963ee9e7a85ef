#include "directory/password_request.hpp"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

namespace berth::directory {
namespace {

const Timestamp now = *parse_rfc3339("2026-11-22T21:00:00Z");

Result<PasswordRequest> parse(std::string_view text) { return PasswordRequest::parse(boost::json::parse(text), now); }

TEST(PasswordRequest, LastsTwoYearsWhenNothingIsSaid) {
    for (const std::string_view text : {"null", "{}", R"({"passwordCredential":null})", R"({"passwordCredential":{}})"}) {
        const auto request = parse(text);
        ASSERT_TRUE(request) << text;
        EXPECT_FALSE(request->display_name);
        EXPECT_EQ(request->starts_at, now);
        EXPECT_EQ(request->ends_at - now, std::chrono::days(730));
    }
}

TEST(PasswordRequest, HonoursTimesAndName) {
    const auto request = parse(R"({"passwordCredential":{"displayName":"rbac","startDateTime":"2027-01-01T00:00:00Z",)"
                               R"("endDateTime":"2027-01-02T03:00:00+01:00"}})");
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request->display_name, "rbac");
    EXPECT_EQ(request->starts_at, parse_rfc3339("2027-01-01T00:00:00Z"));
    EXPECT_EQ(request->ends_at, parse_rfc3339("2027-01-02T02:00:00Z"));
}

TEST(PasswordRequest, RefusesTheRest) {
    for (const std::string_view text :
         {"[]", "5", R"({"passwordCredential":[]})", R"({"passwordCredential":{"displayName":5}})",
          R"({"passwordCredential":{"endDateTime":"soon"}})", R"({"passwordCredential":{"endDateTime":5}})",
          R"({"passwordCredential":{"endDateTime":"2026-11-22T20:59:59Z"}})",
          R"({"passwordCredential":{"endDateTime":"2126-12-31T00:00:00Z"}})",
          R"({"passwordCredential":{"startDateTime":"2200-01-01T00:00:00Z"}})",
          R"({"passwordCredential":{"startDateTime":"2028-01-01T00:00:00Z","endDateTime":"2027-01-01T00:00:00Z"}})"}) {
        const auto request = parse(text);
        ASSERT_FALSE(request) << text;
        EXPECT_EQ(request.error().code, ErrorCode::invalid_parameter) << text;
    }
}

} // namespace
} // namespace berth::directory
