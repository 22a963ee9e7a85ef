#include "http/body.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace berth::http {
namespace {

// Gives `text` in pieces of at most `piece`, then ends or fails.
class Pieces final : public ByteSource {
public:
    Pieces(std::string text, std::size_t piece, bool fails = false) : text_(std::move(text)), piece_(piece), fails_(fails) {}
    Task<Result<std::size_t>> read(std::span<std::byte> out) override {
        ++reads;
        largest_room = std::max(largest_room, out.size());
        const std::size_t count = std::min({out.size(), piece_, text_.size() - at_});
        if (count == 0 && fails_) co_return failure(ErrorCode::timeout, "no more");
        std::memcpy(out.data(), text_.data() + at_, count);
        at_ += count;
        co_return count;
    }
    int reads = 0;
    std::size_t largest_room = 0;

private:
    std::string text_;
    std::size_t piece_;
    bool fails_;
    std::size_t at_ = 0;
};

Result<std::string> read(Pieces& pieces, std::optional<std::uint64_t> length, std::uint64_t limit) {
    Request request;
    request.has_body = true;
    request.content_length = length;
    request.body = &pieces;
    return sync_wait(read_body(request, limit));
}

TEST(ReadBody, GivesAllThatArrives) {
    std::string text(3'000'000, '\0');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 7 + i / 1000);
    for (const std::size_t piece : {std::size_t{1000}, std::size_t{70'000}, text.size()}) {
        Pieces known(text, piece);
        EXPECT_EQ(read(known, text.size(), text.size()), text);
        Pieces unknown(text, piece);
        EXPECT_EQ(read(unknown, std::nullopt, text.size()), text);
    }
}

TEST(ReadBody, HasItsTime) {
    Pieces late(std::string(10, 'a'), 1);
    Request request;
    request.has_body = true;
    request.content_length = 10;
    request.body = &late;
    EXPECT_EQ(sync_wait(read_body(request, 100, std::chrono::milliseconds(-1))).error().code, ErrorCode::timeout);
    EXPECT_EQ(late.reads, 1);
    Pieces whole(std::string(10, 'a'), 10);
    request.body = &whole;
    EXPECT_EQ(sync_wait(read_body(request, 100, std::chrono::milliseconds(-1))), std::string(10, 'a'));
}

TEST(ReadBody, RefusesWhatIsTooLarge) {
    Pieces declared(std::string(11, 'a'), 5);
    EXPECT_EQ(read(declared, 11, 10).error().code, ErrorCode::payload_too_large);
    EXPECT_EQ(declared.reads, 0);
    Pieces arriving(std::string(1'000'000, 'a'), 5000);
    EXPECT_EQ(read(arriving, std::nullopt, 100'000).error().code, ErrorCode::payload_too_large);
    EXPECT_LE(arriving.reads, 22);
    Pieces fits(std::string(10, 'a'), 5);
    EXPECT_EQ(read(fits, std::nullopt, 10), std::string(10, 'a'));
}

TEST(ReadBody, TakesNoRoomForPromises) {
    Pieces liar("short", 5);
    EXPECT_EQ(read(liar, std::uint64_t{1} << 40, std::uint64_t{1} << 41), "short");
    EXPECT_LE(liar.largest_room, 64U * 1024);
}

TEST(ReadBody, PassesFailuresOn) {
    Pieces broken("abc", 2, true);
    EXPECT_EQ(read(broken, 5, 10).error().code, ErrorCode::timeout);
}

TEST(ReadBody, IsEmptyWithoutABody) {
    Request request;
    EXPECT_EQ(sync_wait(read_body(request, 0)), "");
}

TEST(Range, IsResolvedAgainstTheSize) {
    struct Case {
        std::string_view header;
        std::uint64_t size, offset, length;
    };
    for (const Case& c :
         {Case{"bytes=0-0", 10, 0, 1}, Case{"bytes=0-", 10, 0, 10}, Case{"bytes=3-5", 10, 3, 3}, Case{"bytes=9-", 10, 9, 1},
          Case{"bytes=5-99", 10, 5, 5}, Case{"bytes=-3", 10, 7, 3}, Case{"bytes=-99", 10, 0, 10}, Case{"Bytes=1-1", 10, 1, 1},
          Case{"bytes= 1-1 ", 10, 1, 1}, Case{"bytes=1-99999999999999999999999", 10, 1, 9},
          Case{"bytes=-99999999999999999999999", 10, 0, 10}, Case{"bytes=0-18446744073709551615", UINT64_MAX, 0, UINT64_MAX}}) {
        const auto range = parse_range(c.header, c.size);
        ASSERT_TRUE(range && *range) << c.header;
        EXPECT_EQ((*range)->offset, c.offset) << c.header;
        EXPECT_EQ((*range)->length, c.length) << c.header;
    }
}

TEST(Range, IsIgnoredWhenItIsNone) {
    EXPECT_EQ(parse_range(std::nullopt, 10)->has_value(), false);
    for (const std::string_view header :
         {"", "5-", "0-5", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5", "bytes=+5-6", "bytes=5-6x", "bytes=0x1-2",
          "bytes=1-2,4-5", "bytes=1-2,", "bytes 1-2", "items=1-2", "bytes=--1", "bytes=1--2", "bytes=1 - 2"}) {
        const auto range = parse_range(header, 10);
        ASSERT_TRUE(range) << header;
        EXPECT_FALSE(*range) << header;
    }
}

TEST(Range, IsRefusedOutside) {
    for (const auto& [header, size] :
         std::vector<std::pair<std::string_view, std::uint64_t>>{{"bytes=10-", 10},
                                                                 {"bytes=10-20", 10},
                                                                 {"bytes=-0", 10},
                                                                 {"bytes=0-0", 0},
                                                                 {"bytes=-1", 0},
                                                                 {"bytes=5-3", 10},
                                                                 {"bytes=500-0", 10},
                                                                 {"bytes=99999999999999999999999-", 10}}) {
        const auto range = parse_range(header, size);
        ASSERT_FALSE(range) << header;
        EXPECT_EQ(range.error().code, ErrorCode::range_not_satisfiable);
    }
}

TEST(EntityTag, IsFoundInLists) {
    for (const std::string_view list :
         {"\"a\"", " \"a\" ", "W/\"a\"", "\"b\", \"a\"", "\"b\",W/\"a\"", "\"b\" , , \"a\"", "*", " * ", "\"b,\\\", \"a\""}) {
        EXPECT_TRUE(matches_entity_tag(list, "\"a\"")) << list;
        EXPECT_TRUE(matches_entity_tag(list, "W/\"a\"")) << list;
    }
    for (const std::string_view list :
         {"", "a", "\"A\"", "\"ab\"", "\"a", "a\"", "w/\"a\"", "\"b\" \"a\"", "\"b\";\"a\"", "\"x a\"", "*, \"b\""}) {
        EXPECT_FALSE(matches_entity_tag(list, "\"a\"")) << list;
    }
}

} // namespace
} // namespace berth::http
