#include "http/head.hpp"

#include "http/testing/head_cases.hpp"

#include <gtest/gtest.h>

namespace berth::http {
namespace {

// What the server makes of bytes that arrive in two pieces: the status, 0 if the head is not whole.
unsigned judge(std::string_view bytes, std::size_t first_piece, Request& request, Framing& framing) {
    if (bytes.starts_with("\r\n")) bytes.remove_prefix(2); // the server forgives one empty line before it scans
    HeadScanner scanner;
    for (const std::size_t arrived : {std::min(first_piece, bytes.size()), bytes.size()}) {
        switch (scanner.scan(bytes.substr(0, arrived))) {
        case HeadScanner::State::incomplete: break;
        case HeadScanner::State::refused: return scanner.refusal().status;
        case HeadScanner::State::complete: {
            const auto refusal = parse_head(bytes.substr(0, scanner.size()), request, framing);
            return refusal ? refusal->status : 200;
        }
        }
    }
    return 0;
}

TEST(Head, IsJudgedTheSameHoweverItArrives) {
    for (const auto& [what, head, status] : testing::head_cases()) {
        for (std::size_t first_piece = 1; first_piece <= head.size(); ++first_piece) {
            Request request;
            Framing framing;
            ASSERT_EQ(judge(head, first_piece, request, framing), status) << what << ", split after " << first_piece;
        }
    }
}

TEST(Head, FillsTheRequest) {
    Request request;
    Framing framing;
    const std::string head = "PATCH /v2/a/blobs/uploads/x?digest=sha256:1&a= HTTP/1.1\r\nHOST:  Example.com:5000 \r\n"
                             "content-length: 17\r\nExpect: 100-Continue\r\nX-Empty:\r\nX: 1\r\nx: 2\r\n\r\n";
    ASSERT_EQ(judge(head, 10, request, framing), 200U);
    EXPECT_EQ(request.method, Method::patch);
    EXPECT_EQ(request.method_name, "PATCH");
    EXPECT_EQ(request.target, "/v2/a/blobs/uploads/x?digest=sha256:1&a=");
    EXPECT_EQ(request.path, "/v2/a/blobs/uploads/x");
    EXPECT_EQ(request.query, "digest=sha256:1&a=");
    EXPECT_EQ(request.host, "example.com:5000");
    EXPECT_EQ(request.content_length, 17U);
    EXPECT_TRUE(request.has_body);
    EXPECT_EQ(request.headers.size(), 6U);
    EXPECT_EQ(request.headers.find("x-empty"), "");
    EXPECT_EQ(request.headers.all("X"), (std::vector<std::string_view>{"1", "2"}));
    EXPECT_TRUE(framing.expects_continue);
    EXPECT_TRUE(framing.keep_alive);
    EXPECT_FALSE(framing.chunked);
}

TEST(Head, BringsAbsoluteTargetsToPaths) {
    for (const auto& [sent, target] : std::vector<std::pair<std::string, std::string>>{
             {"http://a/b?c", "/b?c"}, {"http://a?c", "/?c"}, {"https://A", "/"}, {"http://a//b", "//b"}}) {
        Request request;
        Framing framing;
        EXPECT_EQ(judge("GET " + sent + " HTTP/1.1\r\nHost: a\r\n\r\n", 1, request, framing), 200U);
        EXPECT_EQ(request.target, target);
    }
}

TEST(Head, KnowsWhetherTheConnectionGoesOn) {
    struct Case {
        std::string_view version, fields;
        bool keep_alive;
    };
    for (const Case& c : {Case{"1.1", "", true}, Case{"1.1", "Connection: close\r\n", false},
                          Case{"1.1", "Connection: Keep-Alive, CLOSE\r\n", false},
                          Case{"1.1", "Connection: te\r\nConnection: close\r\n", false}, Case{"1.0", "", false},
                          Case{"1.0", "Connection: keep-alive\r\n", true}}) {
        Request request;
        Framing framing;
        const std::string head = "GET / HTTP/" + std::string(c.version) + "\r\nHost: a\r\n" + std::string(c.fields) + "\r\n";
        EXPECT_EQ(judge(head, 1, request, framing), 200U);
        EXPECT_EQ(framing.keep_alive, c.keep_alive) << c.version << c.fields;
    }
}

TEST(Head, SaysWhetherThereIsABody) {
    struct Case {
        std::string_view fields;
        bool has_body;
        std::optional<std::uint64_t> length;
        bool expects;
    };
    for (const Case& c : {Case{"", false, std::nullopt, false}, Case{"Content-Length: 0\r\n", false, 0, false},
                          Case{"Content-Length: 0\r\nExpect: 100-continue\r\n", false, 0, false},
                          Case{"Content-Length: 9223372036854775807\r\n", true, INT64_MAX, false},
                          Case{"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", true, std::nullopt, true}}) {
        Request request;
        Framing framing;
        EXPECT_EQ(judge("POST / HTTP/1.1\r\nHost: a\r\n" + std::string(c.fields) + "\r\n", 1, request, framing), 200U);
        EXPECT_EQ(request.has_body, c.has_body) << c.fields;
        EXPECT_EQ(request.content_length, c.length) << c.fields;
        EXPECT_EQ(framing.expects_continue, c.expects) << c.fields;
    }
}

TEST(Head, LeavesTheTargetForTheRefusal) {
    Request request;
    Framing framing;
    EXPECT_EQ(judge("GET /v2/ HTTP/1.1\r\n\r\n", 1, request, framing), 400U);
    EXPECT_EQ(request.target, "/v2/");
}

TEST(Head, RefusesLongHeadsWithoutLookingAgain) {
    // The scanner's work grows with the bytes, not with the pieces: a megabyte in single bytes is done in no time.
    const std::string head = "GET / HTTP/1.1\r\nA: " + std::string(1 << 20, 'a');
    HeadScanner scanner;
    for (std::size_t size = 1; size <= head.size(); ++size) {
        ASSERT_EQ(scanner.scan(std::string_view(head).substr(0, size)), HeadScanner::State::incomplete);
    }
}

} // namespace
} // namespace berth::http
