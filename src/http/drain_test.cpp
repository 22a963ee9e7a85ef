#include "base/executor.hpp"
#include "base/worker_pool.hpp"
#include "http/server.hpp"
#include "http/testing/raw_client.hpp"
#include "http/testing/test_server.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

namespace berth::http {
namespace {

using namespace std::chrono_literals;
using testing::echo;
using testing::RawClient;
using testing::TestServer;

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(Drain, ClosesIdleConnectionsAtOnce) {
    TestServer server(&echo);
    RawClient fresh(server.port());
    RawClient used(server.port());
    ASSERT_TRUE(used.ask(get));
    const auto started = std::chrono::steady_clock::now();
    EXPECT_TRUE(server->drain(10s));
    EXPECT_LT(std::chrono::steady_clock::now() - started, 2s);
    EXPECT_EQ(fresh.read_all(), "");
    EXPECT_EQ(used.read_all(), "");
    EXPECT_FALSE(RawClient(server.port()).connected());
}

TEST(Drain, LetsRequestsFinish) {
    WorkerPool pool(1);
    std::promise<void> begun;
    TestServer server([&](Request&) -> Task<Response> {
        begun.set_value();
        auto slow = pool.run([] {
            std::this_thread::sleep_for(300ms);
            return true;
        });
        co_await slow;
        Response response;
        response.body = "finished";
        co_return response;
    });
    RawClient busy(server.port());
    ASSERT_TRUE(busy.send(get));
    begun.get_future().wait();
    EXPECT_TRUE(server->drain(10s));
    const auto answer = busy.receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "finished");
    EXPECT_EQ(answer->field("Connection"), "close");
}

TEST(Drain, BreaksWhatTakesTooLong) {
    TestServer server([](Request&) -> Task<Response> {
        Response response;
        response.body = std::string(64 << 20, 'x');
        co_return response;
    });
    RawClient stuck(server.port());
    stuck.shrink_buffer(16 * 1024);
    ASSERT_TRUE(stuck.send(get));
    ASSERT_FALSE(stuck.read_some(10).empty());
    const auto started = std::chrono::steady_clock::now();
    EXPECT_FALSE(server->drain(1s));
    EXPECT_LT(std::chrono::steady_clock::now() - started, 4s);
}

TEST(Drain, LosesNoAnswerUnderLoad) {
    TestServer server(&echo);
    std::atomic<bool> stop = false;
    std::atomic<int> answered = 0;
    std::atomic<int> broken = 0;
    std::vector<std::thread> clients;
    for (int i = 0; i < 8; ++i) {
        clients.emplace_back([&] {
            while (!stop) {
                RawClient client(server.port());
                if (!client.connected()) return;
                while (client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")) {
                    const std::string first = client.read_some(1);
                    if (first.empty()) break; // closed before it was a request
                    const std::string rest = client.read_some();
                    if (!rest.ends_with("hello")) ++broken;
                    ++answered;
                    if (rest.contains("Connection: close")) break;
                }
            }
        });
    }
    std::this_thread::sleep_for(200ms);
    EXPECT_TRUE(server->drain(10s));
    stop = true;
    for (auto& client : clients) client.join();
    EXPECT_GT(answered, 100);
    EXPECT_EQ(broken, 0);
}

TEST(Drain, EndsServersThatWereNotDrained) {
    RawClient* left = nullptr;
    std::unique_ptr<RawClient> client;
    {
        TestServer server(&echo);
        client = std::make_unique<RawClient>(server.port());
        ASSERT_TRUE(client->ask(get));
        left = client.get();
    }
    EXPECT_EQ(left->read_all(), "");
}

} // namespace
} // namespace berth::http
