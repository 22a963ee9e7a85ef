#include "base/time.hpp"

#include <gtest/gtest.h>

namespace berth {
namespace {

TEST(Time, AsRfc3339) {
    const struct {
        std::int64_t microseconds;
        std::string_view text;
    } table[] = {
        {0, "1970-01-01T00:00:00.0000000Z"},
        {1'795'380'627'123'456, "2026-11-22T20:50:27.1234560Z"},
        {1'709'251'199'000'001, "2024-02-29T23:59:59.0000010Z"},
        {-1, "1969-12-31T23:59:59.9999990Z"},
        {253'402'300'799'999'999, "9999-12-31T23:59:59.9999990Z"},
        {-62'135'596'800'000'000, "0001-01-01T00:00:00.0000000Z"},
    };
    for (const auto& row : table) {
        const Timestamp time = from_microseconds(row.microseconds);
        EXPECT_EQ(to_rfc3339(time), row.text);
        EXPECT_EQ(parse_rfc3339(row.text), time) << row.text;
    }
}

} // namespace
} // namespace berth
