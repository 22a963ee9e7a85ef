#include "base/white_space.hpp"

#include <gtest/gtest.h>

#include <string>

namespace berth {
namespace {

TEST(WhiteSpace, IsSeenAtBothEndsAndNotWithin) {
    for (const std::string space :
         {" ",      "\t",     "\n",     "\r",     "\v",     "\x01",   "\x7F",   "\u0085", "\u00A0", "\u1680",
          "\u2003", "\u200B", "\u200D", "\u2028", "\u2029", "\u202F", "\u205F", "\u2060", "\u3000", "\uFEFF"}) {
        EXPECT_TRUE(has_outer_white_space(space + "Owner")) << space;
        EXPECT_TRUE(has_outer_white_space("Owner" + space)) << space;
        EXPECT_TRUE(has_outer_white_space(space)) << space;
        EXPECT_FALSE(has_outer_white_space("Ow" + space + "ner")) << space;
    }
    EXPECT_TRUE(has_outer_white_space(std::string("Owner\0", 6)));
}

TEST(WhiteSpace, IsNotWhatSharesItsBytes) {
    for (const std::string_view text : {"", "Owner", "Ölprüfer", "à", "°x°", "–x–", "…", "한", "\U0001F600"}) {
        EXPECT_FALSE(has_outer_white_space(text)) << text;
    }
}

} // namespace
} // namespace berth
