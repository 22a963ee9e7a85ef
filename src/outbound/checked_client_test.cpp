#include "outbound/checked_client.hpp"

#include "base/encoding.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <mutex>
#include <thread>

namespace berth::outbound {
namespace {

// Answers each connection with what `answer` gives for the request's head, then closes it.
class CannedServer {
public:
    explicit CannedServer(std::function<std::string(const std::string& head)> answer) : answer_(std::move(answer)) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address));
        ::listen(listener_, 16);
        socklen_t size = sizeof(address);
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    ~CannedServer() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }
    CannedServer(const CannedServer&) = delete;
    CannedServer& operator=(const CannedServer&) = delete;

    std::string url(std::string_view path, std::string_view host = "127.0.0.1") const {
        return fmt::format("http://{}:{}{}", host, port_, path);
    }
    std::vector<std::string> heads() {
        const std::scoped_lock lock(mutex_);
        return heads_;
    }

private:
    void serve() {
        for (;;) {
            const int connection = ::accept(listener_, nullptr, nullptr);
            if (connection < 0) return;
            std::string head;
            char buffer[4096];
            while (!head.contains("\r\n\r\n")) {
                const ssize_t got = ::read(connection, buffer, sizeof(buffer));
                if (got <= 0) break;
                head.append(buffer, static_cast<std::size_t>(got));
            }
            {
                const std::scoped_lock lock(mutex_);
                heads_.push_back(head);
            }
            const std::string text = answer_(head);
            (void)::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
            ::close(connection);
        }
    }

    std::function<std::string(const std::string&)> answer_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::mutex mutex_;
    std::vector<std::string> heads_;
    std::thread thread_;
};

std::string answer(std::string_view status, std::string_view body, std::string_view more = "") {
    return fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n{}", status, body.size(), more, body);
}

std::unique_ptr<CheckedClient> client(const std::vector<std::string>& entries,
                                      std::chrono::seconds patience = std::chrono::seconds(5)) {
    return std::make_unique<CheckedClient>(
        CheckedClientOptions{.allowed = AllowedDestinations::parse(entries).value(), .patience = patience});
}

class Collect final : public BodySink {
public:
    Result<void> begin(const CheckedResponse& head) override {
        status = head.status;
        return {};
    }
    Result<void> take(std::span<const std::byte> bytes) override {
        text += as_text(bytes);
        if (refuse) return failure(ErrorCode::digest_invalid, "not this");
        return {};
    }
    unsigned status = 0;
    std::string text;
    bool refuse = false;
};

TEST(CheckedClient, AnswersComeWholeWithTheirHead) {
    CannedServer server([](const std::string&) { return answer("404 Not Found", "gone", "X-Thing:  a b \r\n"); });
    const auto got = client({"http://127.0.0.1"})->send({.url = server.url("/x?y=1"), .headers = {{"Accept", "a/b"}}});
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->status, 404U);
    EXPECT_EQ(got->body, "gone");
    EXPECT_EQ(got->header("x-thing"), "a b");
    EXPECT_TRUE(server.heads()[0].starts_with("GET /x?y=1 HTTP/1.1\r\n"));
    EXPECT_TRUE(server.heads()[0].contains("Accept: a/b\r\n"));
    EXPECT_FALSE(server.heads()[0].contains("Authorization"));
}

TEST(CheckedClient, LoopbackHasToBeNamed) {
    CannedServer server([](const std::string&) { return answer("200 OK", "secret"); });
    // Allowed to speak plain HTTP to the name, whatever it is; but another name leads to the same address.
    const auto refused = client({"http://127.0.0.2"})->send({.url = server.url("/")});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_parameter);
    std::string https = server.url("/", "localhost");
    https.insert(4, "s");
    const auto by_name = client({})->send({.url = https});
    ASSERT_FALSE(by_name);
    EXPECT_EQ(by_name.error().code, ErrorCode::invalid_parameter);
    EXPECT_TRUE(by_name.error().message.contains("--allow-outbound localhost")) << by_name.error().message;
    EXPECT_TRUE(server.heads().empty());
    EXPECT_FALSE(client({})->check("https://10.0.0.1/"));
    EXPECT_FALSE(client({})->check("http://registry.example/"));
    EXPECT_TRUE(client({})->check("https://registry.example/"));
}

TEST(CheckedClient, AuthorizationStaysAtItsOrigin) {
    CannedServer other([](const std::string&) { return answer("200 OK", "there"); });
    CannedServer first([&](const std::string& head) {
        if (head.starts_with("GET /near")) return answer("302 Found", "", "Location: /here\r\n");
        if (head.starts_with("GET /far")) return answer("307 Temporary Redirect", "", "Location: " + other.url("/x") + "\r\n");
        return answer("200 OK", "here");
    });
    const auto caller = client({"http://127.0.0.1"});
    EXPECT_EQ(caller->send({.url = first.url("/near"), .authorization = Secret("Basic eDp5")})->body, "here");
    EXPECT_EQ(caller->send({.url = first.url("/far"), .authorization = Secret("Basic eDp5")})->body, "there");
    for (const std::string& head : first.heads()) EXPECT_TRUE(head.contains("Authorization: Basic eDp5\r\n")) << head;
    for (const std::string& head : other.heads()) EXPECT_FALSE(head.contains("Authorization")) << head;
    EXPECT_EQ(first.heads().size(), 3U);
}

TEST(CheckedClient, RedirectsEndSomewhere) {
    CannedServer server([](const std::string&) { return answer("302 Found", "", "Location: /again\r\n"); });
    const auto caller = client({"http://127.0.0.1"});
    EXPECT_FALSE(caller->send({.url = server.url("/"), .redirects = 3}));
    EXPECT_EQ(server.heads().size(), 4U);
    // What changes something is not sent again elsewhere.
    EXPECT_EQ(caller->send({.method = "POST", .url = server.url("/"), .body = "x"})->status, 302U);
}

TEST(CheckedClient, LimitsHold) {
    CannedServer server([](const std::string& head) {
        if (head.starts_with("GET /head")) return answer("200 OK", "", "X: " + std::string(70'000, 'x') + "\r\n");
        if (head.starts_with("GET /short")) return std::string("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
        return answer("200 OK", std::string(5000, 'x'));
    });
    const auto caller = client({"http://127.0.0.1"});
    EXPECT_EQ(caller->send({.url = server.url("/"), .answer_limit = 5000})->body.size(), 5000U);
    EXPECT_EQ(caller->send({.url = server.url("/"), .answer_limit = 4999}).error().code, ErrorCode::payload_too_large);
    EXPECT_FALSE(caller->send({.url = server.url("/head")}));
    EXPECT_EQ(caller->send({.url = server.url("/short")}).error().code, ErrorCode::unavailable);
}

TEST(CheckedClient, SinksSeeGoodAnswersOnly) {
    CannedServer server([](const std::string& head) {
        return head.starts_with("GET /bad") ? answer("503 Busy", "try later") : answer("206 Partial Content", "some bytes");
    });
    const auto caller = client({"http://127.0.0.1"});
    Collect good, bad, refusing;
    EXPECT_EQ(caller->stream({.url = server.url("/good")}, good)->body, "");
    EXPECT_EQ(good.status, 206U);
    EXPECT_EQ(good.text, "some bytes");
    EXPECT_EQ(caller->stream({.url = server.url("/bad")}, bad)->body, "try later");
    EXPECT_EQ(bad.status, 0U);
    refusing.refuse = true;
    EXPECT_EQ(caller->stream({.url = server.url("/good")}, refusing).error().code, ErrorCode::digest_invalid);
}

TEST(CheckedClient, CanBeStopped) {
    std::stop_source stop;
    CannedServer server([&](const std::string&) {
        stop.request_stop();
        std::this_thread::sleep_for(std::chrono::milliseconds(1500));
        return answer("200 OK", "late");
    });
    const auto got = client({"http://127.0.0.1"})->send({.url = server.url("/"), .stop = stop.get_token()});
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, ErrorCode::unavailable);
}

} // namespace
} // namespace berth::outbound
