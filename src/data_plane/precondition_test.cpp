#include "data_plane/precondition.hpp"

#include "base/encoding.hpp"

#include <gtest/gtest.h>

namespace berth::data_plane {
namespace {

const Digest one = Digest::of(as_bytes("one"));
const Digest two = Digest::of(as_bytes("two"));

TEST(Precondition, HoldsOrNot) {
    struct Case {
        Precondition condition;
        std::optional<Digest> current;
        bool holds;
    };
    const std::string list = entity_tag(two) + ", " + entity_tag(one);
    for (const auto& [condition, current, holds] : {
             Case{{}, std::nullopt, true},
             Case{{}, one, true},
             Case{{.if_match = "*", .if_none_match = {}}, one, true},
             Case{{.if_match = "*", .if_none_match = {}}, std::nullopt, false},
             Case{{.if_match = entity_tag(one), .if_none_match = {}}, one, true},
             Case{{.if_match = entity_tag(one), .if_none_match = {}}, two, false},
             Case{{.if_match = list, .if_none_match = {}}, one, true},
             Case{{.if_match = "", .if_none_match = {}}, one, false},
             Case{{.if_match = {}, .if_none_match = "*"}, std::nullopt, true},
             Case{{.if_match = {}, .if_none_match = "*"}, one, false},
             Case{{.if_match = {}, .if_none_match = entity_tag(one)}, two, true},
             Case{{.if_match = {}, .if_none_match = list}, one, false},
         }) {
        const auto checked = condition.check(current);
        EXPECT_EQ(checked.has_value(), holds) << condition.if_match.value_or("-") << condition.if_none_match.value_or("-");
        EXPECT_TRUE(checked || checked.error().code == ErrorCode::precondition_failed);
    }
}

TEST(Precondition, IsReadFromTheHeaders) {
    http::Headers headers;
    EXPECT_FALSE(Precondition::of(headers).if_match);
    EXPECT_FALSE(is_not_modified(headers, entity_tag(one)));
    headers.add("If-Match", "a");
    headers.add("if-none-match", entity_tag(one));
    EXPECT_EQ(Precondition::of(headers).if_match, "a");
    EXPECT_EQ(Precondition::of(headers).if_none_match, entity_tag(one));
    EXPECT_TRUE(is_not_modified(headers, entity_tag(one)));
    EXPECT_FALSE(is_not_modified(headers, entity_tag(two)));
}

} // namespace
} // namespace berth::data_plane
