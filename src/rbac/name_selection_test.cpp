#include "rbac/name_selection.hpp"

#include <gtest/gtest.h>

#include <random>

namespace berth::rbac {
namespace {

NameSelection make(std::vector<std::string> names, std::vector<std::string> prefixes) {
    return {.all = false, .names = std::move(names), .prefixes = std::move(prefixes)};
}

struct SelectionCase {
    NameSelection left;
    NameSelection right;
    NameSelection united;
    NameSelection intersected;
};

TEST(NameSelection, UnitesAndIntersects) {
    const auto everything = NameSelection::everything();
    const NameSelection nothing;
    const SelectionCase cases[] = {
        {nothing, nothing, nothing, nothing},
        {everything, nothing, everything, nothing},
        {everything, make({"a"}, {"b/"}), everything, make({"a"}, {"b/"})},
        {make({"a"}, {}), make({"b"}, {}), make({"a", "b"}, {}), nothing},
        {make({"b", "a"}, {}), make({"a"}, {}), make({"a", "b"}, {}), make({"a"}, {})},
        {make({"a/x"}, {}), make({}, {"a/"}), make({}, {"a/"}), make({"a/x"}, {})},
        {make({"a"}, {}), make({}, {"a/"}), make({"a"}, {"a/"}), nothing},
        {make({}, {"a"}), make({}, {"a/b"}), make({}, {"a"}), make({}, {"a/b"})},
        {make({}, {"a"}), make({}, {"b"}), make({}, {"a", "b"}), nothing},
        // A name that is also the prefix of the other side stays a name.
        {make({"a"}, {}), make({}, {"a"}), make({}, {"a"}), make({"a"}, {})},
        {make({"ab"}, {"c"}), make({"cd"}, {"a"}), make({}, {"a", "c"}), make({"ab", "cd"}, {})},
        {make({}, {"a"}), make({}, {"a"}), make({}, {"a"}), make({}, {"a"})},
    };
    for (std::size_t i = 0; i < std::size(cases); ++i) {
        for (bool swapped : {false, true}) {
            const auto& left = swapped ? cases[i].right : cases[i].left;
            const auto& right = swapped ? cases[i].left : cases[i].right;
            auto united = left;
            EXPECT_EQ(united.unite(right), cases[i].united) << i << swapped;
            auto intersected = left;
            EXPECT_EQ(intersected.intersect(right), cases[i].intersected) << i << swapped;
        }
    }
    EXPECT_EQ(NameSelection::prefix(""), everything);
    EXPECT_TRUE(nothing.empty());
    EXPECT_FALSE(everything.empty());
}

TEST(NameSelection, HoldsExactlyWhatEitherOrBothHold) {
    std::mt19937 random(20261123); // NOLINT(bugprone-random-generator-seed): the same run each time
    const std::vector<std::string> words{"a", "b", "ab", "ba", "aa", "aab", "abb", "bab", "abab"};
    const auto some = [&] {
        NameSelection out;
        for (const auto& word : words) {
            if (random() % 5 == 0) out.names.push_back(word);
            if (random() % 8 == 0) out.prefixes.push_back(word);
        }
        return out;
    };
    for (int i = 0; i < 2000; ++i) {
        const auto left = some();
        const auto right = some();
        auto united = left;
        united.unite(right);
        auto intersected = left;
        intersected.intersect(right);
        for (const auto& word : words) {
            EXPECT_EQ(united.contains(word), left.contains(word) || right.contains(word)) << word;
            EXPECT_EQ(intersected.contains(word), left.contains(word) && right.contains(word)) << word;
        }
    }
}

} // namespace
} // namespace berth::rbac
