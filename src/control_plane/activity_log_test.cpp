#include "control_plane/activity_log.hpp"

#include <gtest/gtest.h>

namespace berth::control_plane {
namespace {

TEST(ActivityFilter, IsReadAsClientsSendIt) {
    const auto filter = parse_activity_filter("resourceProvider eq Microsoft.Authorization and eventTimestamp ge "
                                              "2026-11-23T04:00:00Z and eventTimestamp le '2026-11-23T05:00:00Z'");
    ASSERT_TRUE(filter) << filter.error().message;
    EXPECT_EQ(filter->provider, "Microsoft.Authorization");
    EXPECT_EQ(filter->from, parse_rfc3339("2026-11-23T04:00:00Z"));
    EXPECT_EQ(filter->to, parse_rfc3339("2026-11-23T05:00:00Z"));
    const auto other = parse_activity_filter("resourceGroupName eq 'g' and caller eq 'a@b' and resourceUri eq '/x'");
    ASSERT_TRUE(other);
    EXPECT_EQ(other->group, "g");
    EXPECT_EQ(other->caller, "a@b");
    EXPECT_EQ(other->resource, "/x");
    EXPECT_TRUE(parse_activity_filter(""));
}

TEST(ActivityFilter, OthersAreRefused) {
    for (const std::string_view text :
         {"x", "a eq", "a eq b", "eventTimestamp ge yesterday", "eventTimestamp eq 2026-11-23T04:00:00Z", "caller ne 'a'",
          "caller eq ''", "caller eq 'a' or 1 eq 1", "caller eq 'a' and", "caller eq 'a''b'", " and ", "and"}) {
        const auto filter = parse_activity_filter(text);
        ASSERT_FALSE(filter) << text;
        EXPECT_EQ(filter.error().code, ErrorCode::invalid_parameter);
    }
    EXPECT_FALSE(parse_activity_filter("caller eq '" + std::string(3000, 'a') + "'"));
}

} // namespace
} // namespace berth::control_plane
