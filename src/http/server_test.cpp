#include "http/server.hpp"

#include "http/testing/raw_client.hpp"
#include "http/testing/test_server.hpp"

#include <gtest/gtest.h>

namespace berth::http {
namespace {

using testing::echo;
using testing::RawClient;
using testing::TestServer;

TEST(Server, AnswersSeveralRequestsOfAConnection) {
    TestServer server(&echo);
    RawClient client(server.port());
    for (int i = 0; i < 3; ++i) {
        const auto answer = client.ask("PUT /a/b?c=d HTTP/1.1\r\nHost: Example.com:80\r\nContent-Length: 5\r\n\r\nhello");
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, 200U);
        EXPECT_EQ(answer->body, "hello");
        EXPECT_EQ(answer->field("X-Method"), "PUT");
        EXPECT_EQ(answer->field("X-Path"), "/a/b");
        EXPECT_EQ(answer->field("X-Query"), "c=d");
        EXPECT_EQ(answer->field("X-Host"), "example.com:80");
        EXPECT_EQ(answer->field("X-Remote"), "127.0.0.1");
    }
}

} // namespace
} // namespace berth::http
