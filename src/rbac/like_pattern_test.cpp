#include "rbac/like_pattern.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace berth::rbac {
namespace {

struct LikeCase {
    std::string_view pattern;
    std::string_view text;
    bool ignore_case;
    bool like;
};

class MatchesLike : public testing::TestWithParam<LikeCase> {};

TEST_P(MatchesLike, AsAzureDoes) {
    const auto& [pattern, text, ignore_case, like] = GetParam();
    EXPECT_EQ(matches_like(pattern, text, ignore_case), like) << "`" << pattern << "` and `" << text << "`";
}

INSTANTIATE_TEST_SUITE_P(
    Table, MatchesLike,
    testing::Values(
        // Azure's documented examples.
        LikeCase{"a*c?", "abcd", false, true}, LikeCase{"A*C?", "abcd", false, false}, LikeCase{"a*c", "abcd", false, false},
        LikeCase{"readonly/*", "readonly/x/y", false, true}, LikeCase{"readonly/*", "readonly", false, false},
        // Case.
        LikeCase{"A*C?", "abcd", true, true}, LikeCase{"a*c?", "ABCD", true, true}, LikeCase{"team/*", "TEAM/x", false, false},
        // The run: nothing, anything, several.
        LikeCase{"*", "", false, true}, LikeCase{"*", "a/b", false, true}, LikeCase{"**", "a", false, true},
        LikeCase{"a*", "a", false, true}, LikeCase{"*a", "ba", false, true}, LikeCase{"*a", "ab", false, false},
        LikeCase{"*ab*ab", "abab", false, true}, LikeCase{"*ab*ab", "aab", false, false},
        LikeCase{"a*b*c", "aXbYbZc", false, true}, LikeCase{"a*b*c", "aXcYb", false, false},
        // One character.
        LikeCase{"?", "", false, false}, LikeCase{"?", "a", false, true}, LikeCase{"?", "ab", false, false},
        LikeCase{"??", "ab", false, true}, LikeCase{"?*", "", false, false}, LikeCase{"*?", "abc", false, true},
        LikeCase{"?", "\u00E9", false, true}, LikeCase{"??", "\u00E9", false, false}, LikeCase{"*??", "\u00E9", false, false},
        LikeCase{"a?c", "a\u20ACc", false, true}, LikeCase{"*\u20AC", "a\u20AC", false, true},
        // Escapes.
        LikeCase{R"(a\*)", "a*", false, true}, LikeCase{R"(a\*)", "ab", false, false}, LikeCase{R"(\?)", "?", false, true},
        LikeCase{R"(\?)", "a", false, false}, LikeCase{R"(\\)", R"(\)", false, true}, LikeCase{R"(\\*)", R"(\x)", false, true},
        LikeCase{R"(\')", "'", false, true}, LikeCase{R"(a\b)", R"(a\b)", false, true}, LikeCase{R"(a\)", R"(a\)", false, true},
        LikeCase{R"(*\**)", "a*b", false, true}, LikeCase{R"(*\**)", "ab", false, false},
        // Nothing and anchors.
        LikeCase{"", "", false, true}, LikeCase{"", "a", false, false}, LikeCase{"a", "", false, false},
        LikeCase{"abc", "abcd", false, false}, LikeCase{"bcd", "abcd", false, false}, LikeCase{"abcd", "abcd", false, true}));

TEST(MatchesLikeTest, HostilePatternsCostNoMoreThanTheProductOfTheLengths) {
    std::string stars;
    while (stars.size() < 8000) stars += "*a";
    std::string text(255, 'a');
    const std::string letters(120, 'a');
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) {
        EXPECT_FALSE(matches_like(stars + "b", text, true));
        EXPECT_FALSE(matches_like("*" + letters + "b", text, true));
        EXPECT_FALSE(matches_like("*" + letters + "*" + letters + "*b", text, true));
        EXPECT_FALSE(matches_like("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text, false));
        EXPECT_TRUE(matches_like(std::string(8000, '*'), text, false));
    }
    // An exponential search would not end in a lifetime; the bound is far above what a slow machine needs.
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(BeginningOfLike, IsWhatStandsBeforeTheFirstWildcard) {
    struct {
        std::string_view pattern;
        std::string_view text;
        bool whole;
    } const cases[] = {
        {"team/*", "team/", false},     {"*", "", false}, {"a?b", "a", false},
        {"team/app", "team/app", true}, {"", "", true},   {R"(a\*b*)", "a*b", false},
        {R"(a\*b)", "a*b", true},
    };
    for (const auto& each : cases) {
        const auto beginning = beginning_of_like(each.pattern);
        EXPECT_EQ(beginning.text, each.text) << each.pattern;
        EXPECT_EQ(beginning.whole, each.whole) << each.pattern;
    }
}

} // namespace
} // namespace berth::rbac
