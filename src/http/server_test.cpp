#include "http/server.hpp"

#include "base/executor.hpp"
#include "http/testing/head_cases.hpp"
#include "http/testing/raw_client.hpp"
#include "http/testing/test_server.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <future>
#include <map>
#include <thread>

namespace berth::http {
namespace {

using namespace std::chrono_literals;
using testing::echo;
using testing::RawClient;
using testing::TestServer;

const std::string host = "Host: example.com\r\n";

std::string get(std::string_view path, std::string_view fields = "") {
    return "GET " + std::string(path) + " HTTP/1.1\r\n" + host + std::string(fields) + "\r\n";
}

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
        EXPECT_EQ(answer->field("X-Secure"), "no");
        EXPECT_EQ(answer->field("Server"), "berth");
        EXPECT_TRUE(answer->field("Date").value_or("").ends_with(" GMT"));
        EXPECT_EQ(answer->field("Connection"), std::nullopt);
    }
    EXPECT_EQ(server->metrics().requests, 3U);
    EXPECT_EQ(server->metrics().connections_accepted, 1U);
}

TEST(Server, JudgesHeadsStrictly) {
    TestServer server(&echo);
    std::uint64_t refused = 0;
    for (const auto& [what, head, status] : testing::head_cases()) {
        RawClient client(server.port());
        // What follows must not be taken for a request when the head was refused.
        const std::string after = head.contains("Transfer-Encoding") && status == 200 ? "0\r\n\r\n" : "";
        ASSERT_TRUE(client.send(head + after + get("/second")));
        const auto answer = client.receive();
        ASSERT_TRUE(answer) << what;
        EXPECT_EQ(answer->status, status) << what << ": " << answer->body;
        if (status == 200) {
            const bool closes = answer->field("Connection") == "close";
            EXPECT_EQ(closes, head.contains("HTTP/1.0")) << what;
            if (!closes) {
                EXPECT_EQ(client.receive()->field("X-Path"), "/second") << what;
            }
        } else {
            ++refused;
            EXPECT_EQ(answer->field("Connection"), "close") << what;
            EXPECT_TRUE(answer->body.starts_with(std::to_string(status))) << what;
            client.finish_sending();
            EXPECT_EQ(client.read_all(), "") << what;
        }
    }
    EXPECT_EQ(server->metrics().refused_heads, refused);
}

TEST(Server, LimitsHeads) {
    TestServer server(&echo);
    const std::string frame = get("/", "A: \r\n");
    for (const auto& [extra, status] : std::vector<std::pair<std::size_t, unsigned>>{{0, 200}, {1, 431}, {40'000, 431}}) {
        RawClient client(server.port());
        const std::string value(32 * 1024 - frame.size() + extra, 'a');
        ASSERT_TRUE(client.send(get("/", "A: " + value + "\r\n")));
        EXPECT_EQ(client.receive()->status, status) << extra;
    }
    RawClient endless(server.port()); // a line that never ends
    ASSERT_TRUE(endless.send("GET /" + std::string(32 * 1024, 'a')));
    EXPECT_EQ(endless.receive()->status, 431U);
}

TEST(Server, TellsTheRefusalItsTarget) {
    TestServer server(&echo);
    RawClient client(server.port());
    ASSERT_TRUE(client.send("GET /v2/a HTTP/1.1\r\n\r\n"));
    EXPECT_TRUE(client.receive()->body.starts_with("400 /v2/a: Host is missing"));
}

TEST(Server, AnswersPipelinedRequestsInTheirOrder) {
    TestServer server(&echo);
    RawClient client(server.port());
    std::string all;
    for (int i = 0; i < 500; ++i) {
        const std::string number = std::to_string(i);
        all += "POST /" + number + " HTTP/1.1\r\n" + host;
        all += i % 2 == 0
                   ? "Content-Length: " + std::to_string(number.size()) + "\r\n\r\n" + number
                   : "Transfer-Encoding: chunked\r\n\r\n" + std::to_string(number.size()) + "\r\n" + number + "\r\n0\r\n\r\n";
    }
    std::thread sender([&] { EXPECT_TRUE(client.send(all)); });
    for (int i = 0; i < 500; ++i) {
        const auto answer = client.receive();
        EXPECT_TRUE(answer && answer->body == std::to_string(i)) << i;
        if (!answer) break;
    }
    sender.join();
}

TEST(Server, TakesHeadsByteByByte) {
    TestServer server(&echo);
    RawClient client(server.port());
    for (const char c : "\r\n" + get("/slow") + get("/again")) ASSERT_TRUE(client.send(std::string_view(&c, 1)));
    EXPECT_EQ(client.receive()->field("X-Path"), "/slow");
    EXPECT_EQ(client.receive()->field("X-Path"), "/again");
}

TEST(Server, SendsNoBodyWhereNoneBelongs) {
    TestServer server([](Request& request) -> Task<Response> {
        Response response;
        response.status = request.path == "/204" ? 204 : request.path == "/304" ? 304 : 200;
        if (request.path == "/length") response.headers.add("Content-Length", "12345");
        response.body = "seven.";
        co_return response;
    });
    RawClient client(server.port());
    struct Case {
        std::string_view method, path;
        std::optional<std::string> length;
        std::string_view body;
    };
    for (const Case& c : {Case{"GET", "/", "6", "seven."}, Case{"GET", "/length", "6", "seven."}, Case{"HEAD", "/", "6", ""},
                          Case{"HEAD", "/length", "12345", ""}, Case{"GET", "/204", std::nullopt, ""},
                          Case{"GET", "/304", std::nullopt, ""}, Case{"GET", "/", "6", "seven."}}) {
        ASSERT_TRUE(client.send(std::string(c.method) + " " + std::string(c.path) + " HTTP/1.1\r\n" + host + "\r\n"));
        const auto answer = client.receive(c.method == "HEAD");
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->field("Content-Length"), c.length) << c.method << c.path;
        EXPECT_EQ(answer->body, c.body);
    }
}

TEST(Server, KeepsFramingToItself) {
    TestServer server([](Request& request) -> Task<Response> {
        Response response;
        if (request.path == "/close") response.headers.add("Connection", "close");
        response.headers.add("Transfer-Encoding", "chunked");
        response.headers.add("Keep-Alive", "timeout=5");
        response.headers.add("X-Evil", "a\r\nX-Split: b");
        response.body = SharedText(std::make_shared<std::string>(100'000, 's'));
        co_return response;
    });
    RawClient client(server.port());
    const auto answer = client.ask(get("/"));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->field("Transfer-Encoding"), std::nullopt);
    EXPECT_EQ(answer->field("Keep-Alive"), std::nullopt);
    EXPECT_EQ(answer->field("X-Split"), std::nullopt);
    EXPECT_EQ(answer->field("X-Evil"), "a  X-Split: b");
    EXPECT_EQ(answer->body, std::string(100'000, 's'));
    EXPECT_EQ(client.ask(get("/close"))->field("Connection"), "close");
    EXPECT_TRUE(client.ends_within(1s));
}

TEST(Server, SpeaksHttp10) {
    TestServer server(&echo);
    RawClient once(server.port());
    EXPECT_EQ(once.ask("GET / HTTP/1.0\r\n\r\n")->field("Connection"), "close");
    EXPECT_TRUE(once.ends_within(1s));
    RawClient client(server.port());
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(client.ask("POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx")->field("Connection"),
                  "keep-alive");
    }
}

TEST(Server, ListensOnBothLoopbackFamilies) {
    TestServer server(&echo);
    for (const char* address : {"127.0.0.1", "::1"}) {
        RawClient client(server.port(), address);
        ASSERT_TRUE(client.connected()) << address;
        EXPECT_EQ(client.ask(get("/"))->field("X-Remote"), address);
    }
    for (const char* address : {"[::1]:0", "localhost:0"}) {
        const auto port = server->listen({.address = address});
        ASSERT_TRUE(port) << address;
        EXPECT_TRUE(RawClient(*port, "127.0.0.1").connected());
        EXPECT_TRUE(RawClient(*port, "::1").connected());
    }
    const auto everywhere = server->listen({.address = "[::]:0"});
    ASSERT_TRUE(everywhere);
    RawClient mapped(*everywhere);
    EXPECT_EQ(mapped.ask(get("/"))->field("X-Remote"), "127.0.0.1");
}

TEST(Server, SaysWhyItCannotListen) {
    TestServer server(&echo);
    const auto taken = server->listen({.address = "127.0.0.1:" + std::to_string(server.port())});
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, ErrorCode::conflict);
    EXPECT_TRUE(taken.error().message.contains("in use"));
    for (const char* address : {"", "5000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1",
                                "::1:80", "[127.0.0.1]:80", "example.com:80", "[::1:80", "203.0.113.1:0"}) {
        const auto bad = server->listen({.address = address});
        ASSERT_FALSE(bad) << address;
        EXPECT_EQ(bad.error().code, ErrorCode::invalid_parameter) << address;
    }
}

TEST(Server, CountsTrustedProxiesOnly) {
    TestServer server(&echo, {.loops = 1, .trusted_proxies = {"127.0.0.1"}});
    const std::string request =
        get("/", "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: Hub.example\r\n");
    RawClient trusted(server.port());
    const auto told = trusted.ask(request);
    EXPECT_EQ(told->field("X-Remote"), "192.0.2.1");
    EXPECT_EQ(told->field("X-Secure"), "yes");
    EXPECT_EQ(told->field("X-Host"), "hub.example");
    EXPECT_EQ(trusted.ask(get("/"))->field("X-Remote"), "127.0.0.1"); // nothing is carried over
    RawClient other(server.port(), "::1");
    const auto untold = other.ask(request);
    EXPECT_EQ(untold->field("X-Remote"), "::1");
    EXPECT_EQ(untold->field("X-Secure"), "no");
    EXPECT_EQ(untold->field("X-Host"), "example.com");
    RawClient liar(server.port());
    EXPECT_EQ(liar.ask(get("/", "X-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.2\r\n"))->status, 400U);
    EXPECT_FALSE(Server::create({.trusted_proxies = {"nonsense"}}, &echo, &testing::plain_refusal, {}));
}

TEST(Server, DealsConnectionsToTheLeastLoadedLoop) {
    std::mutex mutex;
    std::map<Executor*, int> seen;
    TestServer server(
        [&](Request& request) -> Task<Response> {
            {
                const std::lock_guard lock(mutex);
                ++seen[Executor::current()];
            }
            Task<Response> echoing = echo(request);
            co_return co_await std::move(echoing);
        },
        {.loops = 4});
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 16; ++i) {
        clients.push_back(std::make_unique<RawClient>(server.port()));
        ASSERT_TRUE(clients.back()->ask(get("/")));
    }
    ASSERT_EQ(seen.size(), 4U);
    for (const auto& [loop, count] : seen) EXPECT_EQ(count, 4);
}

TEST(Server, ServesManyConnections) {
    TestServer server(&echo);
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 400; ++i) clients.push_back(std::make_unique<RawClient>(server.port()));
    for (int round = 0; round < 3; ++round) {
        for (auto& client : clients) ASSERT_TRUE(client->send(get("/" + std::to_string(round))));
        for (auto& client : clients) ASSERT_EQ(client->receive()->field("X-Path"), "/" + std::to_string(round));
    }
    EXPECT_EQ(server->metrics().connections_open, 400U);
    clients.clear();
    for (int i = 0; i < 500 && server->metrics().connections_open > 0; ++i) std::this_thread::sleep_for(10ms);
    EXPECT_EQ(server->metrics().connections_open, 0U);
    EXPECT_EQ(server->metrics().requests, 1200U);
}

TEST(Server, TurnsAwayWhatIsAboveItsLimit) {
    TestServer server(&echo, {.loops = 2, .limits = {.connections = 3}});
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(std::make_unique<RawClient>(server.port()));
        ASSERT_TRUE(clients.back()->ask(get("/")));
    }
    RawClient late(server.port());
    const auto answer = late.receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 503U);
    EXPECT_TRUE(late.ends_within(1s));
    clients.pop_back();
    for (int i = 0; i < 500 && server->metrics().connections_open > 2; ++i) std::this_thread::sleep_for(10ms);
    RawClient next(server.port());
    EXPECT_EQ(next.ask(get("/"))->status, 200U);
}

TEST(Server, GivesOneAddressItsShareOfConnections) {
    TestServer server(&echo, {.loops = 2, .limits = {.connections = 10, .connections_of_an_address = 2}});
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 2; ++i) {
        clients.push_back(std::make_unique<RawClient>(server.port()));
        ASSERT_TRUE(clients.back()->ask(get("/")));
    }
    RawClient third(server.port());
    const auto refused = third.receive();
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 503U);
    EXPECT_TRUE(refused->field("Retry-After"));
    RawClient other(server.port(), "::1");
    EXPECT_EQ(other.ask(get("/"))->status, 200U) << "another address";
    EXPECT_EQ(server->metrics().refused_connections, 1U);
    clients.clear();
    for (int i = 0; i < 500 && server->metrics().connections_open > 1; ++i) std::this_thread::sleep_for(10ms);
    RawClient again(server.port());
    EXPECT_EQ(again.ask(get("/"))->status, 200U);
}

TEST(Server, GivesATrustedProxyAllConnections) {
    TestServer server(&echo, {.loops = 1, .limits = {.connections_of_an_address = 1}, .trusted_proxies = {"127.0.0.1"}});
    RawClient one(server.port());
    RawClient two(server.port());
    EXPECT_EQ(one.ask(get("/"))->status, 200U);
    EXPECT_EQ(two.ask(get("/"))->status, 200U);
    EXPECT_EQ(server->metrics().refused_connections, 0U);
}

// Puts the limit of open files back.
class FileLimit {
public:
    FileLimit() { ::getrlimit(RLIMIT_NOFILE, &before_); }
    ~FileLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    FileLimit(const FileLimit&) = delete;
    FileLimit& operator=(const FileLimit&) = delete;
    void lower_to(rlim_t count) {
        rlimit limit = before_;
        limit.rlim_cur = count;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }

private:
    rlimit before_{};
};

TEST(Server, WaitsForDescriptorsWithoutSpinning) {
    TestServer server(&echo);
    RawClient before(server.port());
    ASSERT_TRUE(before.ask(get("/")));
    RawClient waiting(server.port());
    ASSERT_TRUE(waiting.ask(get("/")));
    FileLimit limit;
    std::unique_ptr<RawClient> late;
    {
        // The client's own socket is made first; then none is left for the server's side of it.
        const int lowest = ::dup(0);
        ::close(lowest);
        limit.lower_to(static_cast<rlim_t>(lowest) + 1);
        late = std::make_unique<RawClient>(server.port());
        ASSERT_TRUE(late->connected());
        ASSERT_TRUE(late->send(get("/late")));
    }
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto cpu = [](const rusage& usage) {
        return std::chrono::seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               std::chrono::microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    };
    const auto cpu_before = cpu(used);
    std::this_thread::sleep_for(500ms);
    ::getrusage(RUSAGE_SELF, &used);
    EXPECT_LT(cpu(used) - cpu_before, 250ms);
    EXPECT_EQ(before.ask(get("/"))->status, 200U); // those who are in are served
    EXPECT_FALSE(late->ends_within(10ms));
    {
        RawClient gone = std::move(waiting);
    } // gives a descriptor back, or two
    EXPECT_EQ(late->receive()->field("X-Path"), "/late");
}

TEST(Server, KeepsDescriptorsForFilesWhenConnectionsUseThemUp) {
    const int lowest = ::dup(0);
    ::close(lowest);
    FileLimit limit;
    limit.lower_to(static_cast<rlim_t>(lowest) + 160);
    TestServer server(&echo); // an eighth is kept
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 80; ++i) { // of each connection both ends are here
        clients.push_back(std::make_unique<RawClient>(server.port()));
        ASSERT_TRUE(clients.back()->connected());
        ASSERT_TRUE(clients.back()->send(get("/")));
        // One at a time: while accepting lags behind, our own ends would use up what it keeps.
        const auto is_taken = [&] { return server->metrics().connections_open >= clients.size(); };
        for (int j = 0; j < 5000 && !is_taken() && server->metrics().descriptor_pauses == 0; ++j)
            std::this_thread::sleep_for(1ms);
        if (server->metrics().descriptor_pauses > 0) break;
    }
    for (int i = 0; i < 500 && server->metrics().descriptor_pauses == 0; ++i) std::this_thread::sleep_for(10ms);
    EXPECT_EQ(server->metrics().descriptor_pauses, 1U);
    std::vector<FileDescriptor> files;
    for (int i = 0; i < 10; ++i) {
        files.emplace_back(::dup(0));
        EXPECT_TRUE(files.back()) << "accepting has taken what was kept";
    }
    files.clear();
    EXPECT_EQ(clients.front()->receive()->status, 200U);
    auto last = std::move(clients.back());
    clients.clear();
    auto answer = last->ask(get("/last"));
    if (answer && answer->field("X-Path") == "/") answer = last->receive(); // it had asked before, and waited for its turn
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->field("X-Path"), "/last") << "who waited has its turn";
}

TEST(Server, EndsSlowHeads) {
    TestServer server(&echo, {.loops = 1, .limits = {.head_timeout = 1s, .idle_timeout = 2s}});
    RawClient silent(server.port());
    RawClient slow(server.port());
    RawClient dripping(server.port());
    RawClient idle(server.port());
    ASSERT_TRUE(idle.ask(get("/")));
    ASSERT_TRUE(slow.send("GET / HTTP/1.1\r\nHo"));
    std::thread drip([&] { // bytes do not move the deadline of a head
        for (int i = 0; i < 60 && dripping.send("G"); ++i) std::this_thread::sleep_for(100ms);
    });
    const auto started = std::chrono::steady_clock::now();
    const auto answer = slow.receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 408U);
    EXPECT_TRUE(slow.ends_within(5s));
    EXPECT_EQ(silent.read_all(), "");
    EXPECT_LT(std::chrono::steady_clock::now() - started, 4s);
    EXPECT_EQ(dripping.receive()->status, 408U);
    EXPECT_EQ(idle.read_all(), "");
    EXPECT_LT(std::chrono::steady_clock::now() - started, 6s);
    drip.join();
}

TEST(Server, RunsPostedWorkOnALoop) {
    TestServer server(&echo);
    std::promise<bool> ran;
    server->post([&] { ran.set_value(Executor::current() != nullptr); });
    EXPECT_TRUE(ran.get_future().get());
}

TEST(Server, MeasuresStalls) {
    TestServer server(
        [](Request& request) -> Task<Response> {
            if (request.path == "/block") std::this_thread::sleep_for(100ms);
            co_return Response{};
        },
        {.loops = 1});
    RawClient client(server.port());
    ASSERT_TRUE(client.ask(get("/")));
    static_cast<void>(server->metrics());
    ASSERT_TRUE(client.ask(get("/block")));
    ASSERT_TRUE(client.ask(get("/")));
    std::this_thread::sleep_for(30ms);
    const auto metrics = server->metrics();
    EXPECT_GE(metrics.longest_loop_stall, 80ms);
    EXPECT_LT(metrics.longest_loop_stall, 1s);
    // A handler that sleeps is no matter of the scheduler; a busy machine takes its part from the rest.
    EXPECT_GT(metrics.longest_loop_block, 20ms);
    EXPECT_LE(metrics.longest_loop_block, metrics.longest_loop_stall);
}

TEST(Server, SurvivesPeersThatVanish) {
    TestServer server([](Request&) -> Task<Response> {
        Response response;
        response.body = std::string(8 << 20, 'b');
        co_return response;
    });
    for (int i = 0; i < 50; ++i) {
        RawClient client(server.port());
        const std::array<std::string, 3> beginnings{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx", get("/"),
                                                    "GET / HT"};
        ASSERT_TRUE(client.send(beginnings[static_cast<std::size_t>(i) % 3]));
        const bool reads = i % 2 == 0 && i % 3 != 2;
        EXPECT_TRUE(!reads || !client.read_some(10).empty());
    }
    for (int i = 0; i < 500 && server->metrics().connections_open > 0; ++i) std::this_thread::sleep_for(10ms);
    EXPECT_EQ(server->metrics().connections_open, 0U);
}

} // namespace
} // namespace berth::http
