#include "http/chunked.hpp"

#include <gtest/gtest.h>

namespace berth::http {
namespace {

struct Outcome {
    std::string data;
    std::string rest; // what came behind the body
    bool ended = false;
    bool failed = false;
};

// Feeds the bytes in pieces of `piece`.
Outcome decode(std::string_view bytes, std::size_t piece) {
    ChunkedFraming framing;
    Outcome out;
    while (!bytes.empty()) {
        std::string_view part = bytes.substr(0, piece);
        bytes.remove_prefix(part.size());
        while (!part.empty() && !framing.ended()) {
            const auto taken = framing.take(part);
            if (!taken) {
                EXPECT_EQ(taken.error().code, ErrorCode::bad_request);
                out.failed = true;
                return out;
            }
            part.remove_prefix(*taken);
            const auto data = std::min<std::uint64_t>(part.size(), framing.data_left());
            out.data += part.substr(0, data);
            part.remove_prefix(data);
            framing.took(data);
        }
        out.rest += part;
    }
    out.ended = framing.ended();
    return out;
}

TEST(Chunked, GivesTheDataHoweverItArrives) {
    struct Case {
        std::string_view bytes, data, rest;
    };
    for (const Case& c : {
             Case{"0\r\n\r\n", "", ""},
             Case{"5\r\nhello\r\n0\r\n\r\n", "hello", ""},
             Case{"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\nGET / HTTP/1.1", "hello!", "GET / HTTP/1.1"},
             Case{"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789", ""},
             Case{"000000000000005\r\nhello\r\n000\r\n\r\n", "hello", ""},
             Case{"2\r\n\r\n\r\n0\r\n\r\n", "\r\n", ""},
             Case{"5;name=value;other=\"quoted; text\"\r\nhello\r\n0;last\r\n\r\n", "hello", ""},
             Case{"0\r\nDigest: abc\r\nX-Empty:\r\n\r\n", "", ""},
         }) {
        for (std::size_t piece = 1; piece <= c.bytes.size(); ++piece) {
            const Outcome outcome = decode(c.bytes, piece);
            EXPECT_FALSE(outcome.failed) << c.bytes;
            EXPECT_TRUE(outcome.ended) << c.bytes;
            EXPECT_EQ(outcome.data, c.data);
            EXPECT_EQ(outcome.rest, c.rest);
        }
    }
}

TEST(Chunked, RefusesWhatIsMalformed) {
    for (const std::string& bytes : std::vector<std::string>{
             "\r\nhello\r\n0\r\n\r\n",   // no size
             "x\r\n",                    // no number
             "-5\r\nhello\r\n0\r\n\r\n", // signs
             "+5\r\nhello\r\n0\r\n\r\n",
             "0x5\r\nhello\r\n0\r\n\r\n", // prefixes
             " 5\r\nhello\r\n0\r\n\r\n",  // white space
             "5 \r\nhello\r\n0\r\n\r\n",
             "5 ;a=b\r\nhello\r\n0\r\n\r\n",
             "5,5\r\nhello\r\n0\r\n\r\n",
             "5\nhello\r\n0\r\n\r\n", // bare line feeds
             "5;a\nhello\r\n0\r\n\r\n",
             "5\r\nhello\n0\r\n\r\n",
             "5\r\nhello\r\n0\n\r\n",
             "5\r\nhello\r\n0\r\n\n",
             "5\rhello\r\n0\r\n\r\n", // bare carriage returns
             "5;a\rb\r\nhello\r\n0\r\n\r\n",
             "5\r\nhello!\r\n0\r\n\r\n", // longer than its size
             "5\r\nhello0\r\n\r\n",      // no line end after the data
             "10000000000000000\r\n",    // 2^64
             "ffffffffffffffff\r\n",
             "0000000000000005\r\nhello\r\n0\r\n\r\n", // more digits than any size has
             "5;\x01\r\nhello\r\n0\r\n\r\n",           // control characters in extensions
             std::string("5;\0\r\nhello\r\n", 13),
             "0\r\n Digest: abc\r\n\r\n", // trailers: folded, without colon, spaces, control characters
             "0\r\nDigest abc\r\n\r\n",
             "0\r\nDigest : abc\r\n\r\n",
             "0\r\n: abc\r\n\r\n",
             "0\r\nDigest: a\x7f\r\n\r\n",
             "0\r\nDigest: abc\n\r\n",
             "0\r\nDigest: abc\r\r\n\r\n",
             "0;" + std::string(ChunkedFraming::most_extra_bytes, 'a') + "\r\n\r\n",
             "0\r\nA: " + std::string(ChunkedFraming::most_extra_bytes, 'a') + "\r\n\r\n",
         }) {
        EXPECT_TRUE(decode(bytes, bytes.size()).failed) << bytes.substr(0, 60);
        EXPECT_TRUE(decode(bytes, 1).failed) << bytes.substr(0, 60);
    }
}

TEST(Chunked, CountsExtensionsOfAllChunks) {
    std::string bytes;
    for (int i = 0; i < 9; ++i) bytes += "1;" + std::string(2000, 'a') + "\r\nx\r\n";
    EXPECT_TRUE(decode(bytes, 4096).failed);
    EXPECT_FALSE(decode(bytes.substr(0, 8 * 2007), 4096).failed);
}

TEST(Chunked, DoesNotEndEarly) {
    const std::string whole = "5\r\nhello\r\n0\r\nA: b\r\n\r\n";
    for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(decode(whole.substr(0, size), 3).ended) << size;
    EXPECT_TRUE(decode(whole, 3).ended);
}

} // namespace
} // namespace berth::http
