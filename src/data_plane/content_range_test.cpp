#include "data_plane/content_range.hpp"

#include <gtest/gtest.h>

namespace berth::data_plane {
namespace {

TEST(ContentRange, None) {
    const auto range = parse_content_range(std::nullopt);
    ASSERT_TRUE(range);
    EXPECT_FALSE(*range);
}

TEST(ContentRange, Good) {
    struct Case {
        std::string_view text;
        std::uint64_t first;
        std::uint64_t last;
    };
    for (const auto& [text, first, last] : {Case{"0-0", 0, 0}, Case{"0-1023", 0, 1023}, Case{"5-5", 5, 5},
                                            Case{"007-010", 7, 10}, Case{"0-9223372036854775807", 0, 9223372036854775807ULL}}) {
        const auto range = parse_content_range(text);
        ASSERT_TRUE(range && *range) << text;
        EXPECT_EQ((*range)->first, first) << text;
        EXPECT_EQ((*range)->last, last) << text;
        EXPECT_EQ((*range)->size(), last - first + 1) << text;
    }
}

TEST(ContentRange, Bad) {
    for (const std::string_view text : {"",
                                        "-",
                                        "0",
                                        "0-",
                                        "-0",
                                        "1-0",
                                        "a-b",
                                        "0-1/2",
                                        "bytes 0-1",
                                        "bytes=0-1",
                                        " 0-1",
                                        "0-1 ",
                                        "0 -1",
                                        "+0-1",
                                        "0--1",
                                        "0-1-2",
                                        "0x0-0x1",
                                        "0-9223372036854775808",
                                        "0-99999999999999999999",
                                        "99999999999999999999-0",
                                        "1.0-2.0"}) {
        const auto range = parse_content_range(text);
        ASSERT_FALSE(range) << text;
        EXPECT_EQ(range.error().code, ErrorCode::blob_upload_invalid) << text;
    }
}

} // namespace
} // namespace berth::data_plane
