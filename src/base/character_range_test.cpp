#include "base/character_range.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace berth {
namespace {

TEST(CharacterRange, SeesEachByteAtEachPlace) {
    for (const auto& [lowest, highest] :
         {std::pair(' ', '~'), std::pair('!', '~'), std::pair('0', '9'), std::pair('\0', '\x7f')}) {
        for (std::size_t size = 1; size < 26; ++size) {
            for (const char filling : {lowest, highest}) {
                std::string text(size, filling);
                ASSERT_TRUE(all_between(text, lowest, highest)) << size;
                for (std::size_t place = 0; place < size; ++place) {
                    for (int byte = 0; byte < 256; ++byte) {
                        text[place] = static_cast<char>(byte);
                        ASSERT_EQ(all_between(text, lowest, highest), byte >= lowest && byte <= highest)
                            << "byte " << byte << " at " << place << " of " << size;
                    }
                    text[place] = filling;
                }
            }
        }
    }
    EXPECT_TRUE(all_between("", 'a', 'b'));
}

// A borrow or carry out of one must not hide or make another.
TEST(CharacterRange, NeighboursChangeNothing) {
    std::string text(8, '5');
    for (int first = 0; first < 256; ++first) {
        for (int second = 0; second < 256; ++second) {
            text[3] = static_cast<char>(first);
            text[4] = static_cast<char>(second);
            const auto is_digit = [](int byte) { return byte >= '0' && byte <= '9'; };
            ASSERT_EQ(all_between(text, '0', '9'), is_digit(first) && is_digit(second)) << first << ' ' << second;
        }
    }
}

} // namespace
} // namespace berth
