#include "data_plane/attributes.hpp"

#include <gtest/gtest.h>

namespace berth::data_plane {
namespace {

TEST(Attributes, EachBitIsALock) {
    for (std::int64_t bits = 0; bits < 16; ++bits) {
        const Attributes attributes{bits};
        EXPECT_EQ(require_readable(attributes, "it").has_value(), (bits & 4) != 0) << bits;
        EXPECT_EQ(require_writable(attributes, "it").has_value(), (bits & 2) != 0) << bits;
        EXPECT_EQ(require_deletable(attributes, "it").has_value(), (bits & 3) == 3) << bits;
    }
    const auto refused = require_writable({0}, "the tag 'v1'");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::operation_disallowed);
    EXPECT_NE(refused.error().message.find("the tag 'v1'"), std::string::npos);
    EXPECT_NE(refused.error().message.find("writeEnabled"), std::string::npos);
}

} // namespace
} // namespace berth::data_plane
