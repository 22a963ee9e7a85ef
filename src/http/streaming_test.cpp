// Bodies in both directions over real sockets, plain and with TLS.
#include "base/executor.hpp"
#include "http/body.hpp"
#include "http/server.hpp"
#include "http/testing/raw_client.hpp"
#include "http/testing/test_server.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace berth::http {
namespace {

using namespace std::chrono_literals;
using testing::echo;
using testing::RawClient;
using testing::TestServer;

constexpr std::size_t mebibyte = 1024 * 1024;

std::string pattern(std::size_t size, std::size_t from = 0) {
    std::string out(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
        const std::uint64_t at = (from + i) / 8;
        out[i] = static_cast<char>(at * 0x9e3779b97f4a7c15U >> ((from + i) % 8 * 8));
    }
    return out;
}

std::string post(std::string_view fields) { return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n"; }

CertificateSource one_certificate() {
    auto certificate = std::make_shared<const Certificate>(testing::self_signed("berth.example"));
    return [certificate](std::string_view) { return certificate; };
}

// Sanitizers keep what was freed for a while.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(__has_feature)
constexpr std::size_t memory_allowed = 512 * mebibyte;
#else
constexpr std::size_t memory_allowed = 8 * mebibyte;
#endif

std::size_t resident_memory() {
    std::ifstream file("/proc/self/statm");
    std::size_t all = 0;
    std::size_t resident = 0;
    file >> all >> resident;
    return resident * 4096;
}

TEST(RequestBody, IsGivenAsItArrives) {
    TestServer server(&echo);
    struct Case {
        std::string head, body, data;
    };
    const std::string large = pattern(300'000);
    for (const Case& c : {
             Case{"Content-Length: 5\r\n", "hello", "hello"},
             Case{"Content-Length: 300000\r\n", large, large},
             Case{"Transfer-Encoding: chunked\r\n", "5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nTrailer: x\r\n\r\n", "hello!"},
             Case{"Transfer-Encoding: chunked\r\n", "0\r\n\r\n", ""},
             Case{"Transfer-Encoding: chunked\r\n", "493e0\r\n" + large + "\r\n0\r\n\r\n", large},
         }) {
        for (const std::size_t piece : {std::size_t{7}, std::size_t{5000}, c.body.size()}) {
            if (c.body.size() / piece > 10'000) continue;
            RawClient client(server.port());
            ASSERT_TRUE(client.send(post(c.head)));
            for (std::size_t at = 0; at < c.body.size(); at += piece) ASSERT_TRUE(client.send(c.body.substr(at, piece)));
            const auto answer = client.receive();
            ASSERT_TRUE(answer);
            EXPECT_EQ(answer->status, 200U) << answer->body;
            EXPECT_TRUE(answer->body == c.data);
            EXPECT_TRUE(client.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n")) << "the connection goes on";
        }
    }
}

TEST(RequestBody, OfManySmallChunksIsWhole) {
    TestServer server(&echo);
    std::string body;
    std::string data;
    for (std::size_t i = 0; i < 3000; ++i) {
        const std::string piece = pattern(1 + i % 300, i);
        std::array<char, 8> size{};
        *std::to_chars(size.data(), size.data() + size.size(), piece.size(), 16).ptr = '\0';
        body += std::string(size.data()) + "\r\n" + piece + "\r\n";
        data += piece;
    }
    RawClient client(server.port());
    std::thread sender([&] { EXPECT_TRUE(client.send(post("Transfer-Encoding: chunked\r\n") + body + "0\r\n\r\n")); });
    const auto answer = client.receive();
    sender.join();
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->body == data);
}

TEST(RequestBody, ThatIsBrokenIsAnError) {
    TestServer server(&echo);
    struct Case {
        std::string head, body;
    };
    for (const Case& c : {
             Case{"Content-Length: 5\r\n", "hell"},
             Case{"Content-Length: 5\r\n", ""},
             Case{"Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n"},
             Case{"Transfer-Encoding: chunked\r\n", "5\r\nhel"},
             Case{"Transfer-Encoding: chunked\r\n", "x\r\n"},
             Case{"Transfer-Encoding: chunked\r\n", "5\r\nhello!\r\n0\r\n\r\n"},
             Case{"Transfer-Encoding: chunked\r\n", "5\nhello\r\n0\r\n\r\n"},
             Case{"Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n"},
             Case{"Transfer-Encoding: chunked\r\n", "0;" + std::string(20'000, 'a') + "\r\n\r\n"},
         }) {
        RawClient client(server.port());
        ASSERT_TRUE(client.send(post(c.head) + c.body));
        client.finish_sending();
        const auto answer = client.receive();
        ASSERT_TRUE(answer) << c.body;
        EXPECT_EQ(answer->status, 400U) << c.body;
        EXPECT_EQ(answer->field("Connection"), "close");
        EXPECT_EQ(client.read_all(), "");
    }
}

TEST(RequestBody, ThatStallsTimesOut) {
    TestServer server(&echo, {.loops = 1, .limits = {.body_timeout = 1s}});
    RawClient length(server.port());
    RawClient chunked(server.port());
    ASSERT_TRUE(length.send(post("Content-Length: 5\r\n") + "hel"));
    ASSERT_TRUE(chunked.send(post("Transfer-Encoding: chunked\r\n") + "5\r\nhel"));
    EXPECT_EQ(length.receive()->status, 408U);
    EXPECT_EQ(chunked.receive()->status, 408U);
    EXPECT_TRUE(length.ends_within(5s));
}

// Many pieces on time, and slower than the rate all together: what was saved up at first is used up.
TEST(RequestBody, ThatIsSlowerThanTheRateTimesOut) {
    std::atomic<int> timed_out = 0;
    std::atomic<bool> fast_failed = false;
    TestServer server(
        [&](Request& request) -> Task<Response> {
            std::vector<std::byte> room(mebibyte);
            while (true) {
                Task<Result<std::size_t>> reading = request.body->read(room);
                const auto count = co_await std::move(reading);
                if (!count && request.path == "/fast") fast_failed = true;
                if (!count && count.error().code == ErrorCode::timeout) ++timed_out;
                if (!count || *count == 0) break;
            }
            co_return Response{};
        },
        {.loops = 1, .limits = {.body_timeout = 2s, .body_rate = 1000}});
    RawClient slow(server.port());
    RawClient chunked(server.port());
    RawClient fast(server.port());
    ASSERT_TRUE(slow.send(post("Content-Length: 100000000\r\n")));
    ASSERT_TRUE(chunked.send(post("Transfer-Encoding: chunked\r\n")));
    ASSERT_TRUE(fast.send("POST /fast HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n"));
    for (int i = 0; i < 300 && timed_out < 2; ++i) {
        std::this_thread::sleep_for(100ms);
        slow.send("x");
        chunked.send("1\r\nx\r\n");
        ASSERT_TRUE(fast.send(std::string(10'000, 'x')));
    }
    EXPECT_EQ(timed_out, 2);
    EXPECT_FALSE(fast_failed);
}

TEST(RequestBody, IsHeldBackUntilWanted) {
    std::atomic<bool> go = false;
    std::atomic<std::size_t> read = 0;
    TestServer server([&](Request& request) -> Task<Response> {
        Response response;
        while (!go) { // comes back to the loop between looks
            struct Later {
                bool await_ready() { return false; }
                void await_suspend(std::coroutine_handle<> handle) {
                    std::this_thread::sleep_for(1ms);
                    Executor::current()->post([handle] { handle.resume(); });
                }
                void await_resume() {}
            } later;
            co_await later;
        }
        std::vector<std::byte> room(mebibyte / 4);
        while (true) {
            Task<Result<std::size_t>> reading = request.body->read(room);
            const auto count = co_await std::move(reading);
            if (!count || *count == 0) break;
            read += *count;
        }
        co_return response;
    });
    RawClient client(server.port());
    std::atomic<std::size_t> sent = 0;
    std::thread sender([&] {
        const std::string piece(mebibyte, 'x');
        client.send(post("Content-Length: 67108864\r\n"));
        while (sent < 64 * mebibyte && client.send(piece)) sent += piece.size();
    });
    std::this_thread::sleep_for(300ms);
    EXPECT_LT(sent, 32 * mebibyte); // as much as the kernel keeps, and no more
    EXPECT_LT(server->metrics().bytes_received, 64U * 1024);
    go = true;
    EXPECT_EQ(client.receive()->status, 200U);
    sender.join();
    EXPECT_EQ(read, 64 * mebibyte);
}

// Sends 64 MiB and gets 64 MiB, looking at the memory this process holds meanwhile.
void stream_both_ways(bool tls, bool chunked) {
    constexpr std::size_t size = 64 * mebibyte;
    std::uint64_t wrong = 0;
    std::uint64_t read = 0;
    TestServer server(
        [&](Request& request) -> Task<Response> {
            Response response;
            std::vector<std::byte> room(mebibyte / 4);
            const std::string expected = pattern(room.size());
            while (true) {
                Task<Result<std::size_t>> reading = request.body->read(room);
                const auto count = co_await std::move(reading);
                if (!count) response.status = 400;
                if (!count || *count == 0) break;
                for (std::size_t i = 0; i < *count; ++i) {
                    if (static_cast<char>(room[i]) != expected[(read + i) % expected.size()]) ++wrong;
                }
                read += *count;
            }
            co_return response;
        },
        {.loops = 1}, one_certificate());
    RawClient client(tls ? server.listen_tls() : server.port());
    ASSERT_TRUE(!tls || client.start_tls("berth.example"));
    const std::string piece = pattern(mebibyte / 4);
    const std::size_t before = resident_memory();
    ASSERT_TRUE(client.send(post(chunked ? "Transfer-Encoding: chunked\r\n" : "Content-Length: 67108864\r\n")));
    for (std::size_t sent = 0; sent < size; sent += piece.size()) {
        ASSERT_TRUE(client.send(chunked ? "40000\r\n" + piece + "\r\n" : piece));
    }
    ASSERT_TRUE(!chunked || client.send("0\r\n\r\n"));
    EXPECT_EQ(client.receive()->status, 200U);
    EXPECT_EQ(read, size);
    EXPECT_EQ(wrong, 0U);
    EXPECT_LT(resident_memory(), before + memory_allowed);
}

TEST(RequestBody, Of64MebibytesTakesLittleMemory) { stream_both_ways(false, false); }
TEST(RequestBody, Of64MebibytesInChunksTakesLittleMemory) { stream_both_ways(false, true); }
TEST(RequestBody, Of64MebibytesOverTlsTakesLittleMemory) { stream_both_ways(true, false); }
TEST(RequestBody, Of64MebibytesInChunksOverTlsTakesLittleMemory) { stream_both_ways(true, true); }

// Answers 401 without a look at the body.
Task<Response> refuse(Request&) {
    Response response;
    response.status = 401;
    response.body = "no";
    co_return response;
}

TEST(Continue, IsSaidWhenTheBodyIsWanted) {
    TestServer server(&echo);
    for (const auto& [head, body] : std::vector<std::pair<std::string, std::string>>{
             {"Content-Length: 5\r\n", "hello"}, {"Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"}}) {
        RawClient client(server.port());
        for (int i = 0; i < 2; ++i) {
            ASSERT_TRUE(client.send(post(head + "Expect: 100-continue\r\n")));
            EXPECT_EQ(client.receive()->status, 100U);
            ASSERT_TRUE(client.send(body));
            const auto answer = client.receive();
            EXPECT_EQ(answer->status, 200U);
            EXPECT_EQ(answer->body, "hello");
        }
    }
}

TEST(Continue, IsNotSaidWhenTheBodyIsNotWanted) {
    TestServer server(&refuse);
    RawClient client(server.port());
    ASSERT_TRUE(client.send(post("Content-Length: 5\r\nExpect: 100-continue\r\n")));
    const auto answer = client.receive();
    EXPECT_EQ(answer->status, 401U);
    EXPECT_EQ(answer->field("Connection"), "close"); // nobody knows whether the body will come
}

TEST(Continue, IsNotSaidToThoseWhoDidNotWait) {
    TestServer server(&echo);
    RawClient client(server.port());
    ASSERT_TRUE(client.send(post("Content-Length: 5\r\nExpect: 100-continue\r\n") + "hello"));
    EXPECT_EQ(client.receive()->status, 200U);
    ASSERT_TRUE(client.send("POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
    std::this_thread::sleep_for(50ms);
    ASSERT_TRUE(client.send("ab"));
    EXPECT_EQ(client.receive()->status, 200U); // HTTP/1.0 does not know it
}

TEST(Leftover, ShortBodiesAreDrained) {
    TestServer server(&refuse);
    RawClient client(server.port());
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(client.send(post("Content-Length: 60000\r\n")));
        const auto answer = client.receive(); // before the body has come
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->field("Connection"), std::nullopt);
        ASSERT_TRUE(client.send(pattern(60'000)));
    }
    ASSERT_TRUE(client.send(post("Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n0\r\n\r\n"));
    EXPECT_EQ(client.receive()->field("Connection"), std::nullopt);
    EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n")->status, 401U);
}

TEST(Leftover, LongBodiesEndTheConnectionAfterTheAnswer) {
    TestServer server(&refuse);
    for (const std::string head : {"Content-Length: 8388608\r\n", "Transfer-Encoding: chunked\r\n"}) {
        RawClient client(server.port());
        ASSERT_TRUE(client.send(post(head)));
        // A client that sends first and reads then gets the answer whole.
        const std::string piece = head.starts_with("C") ? pattern(mebibyte) : "100000\r\n" + pattern(mebibyte) + "\r\n";
        for (int i = 0; i < 8; ++i) ASSERT_TRUE(client.send(piece));
        const auto answer = client.receive();
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, 401U);
        EXPECT_EQ(answer->field("Connection"), "close");
        EXPECT_EQ(client.read_all(), "");
    }
}

// A file that is gone when this object is.
class TemporaryFile {
public:
    explicit TemporaryFile(std::string_view content) {
        std::string name = ::testing::TempDir() + "berth-http-XXXXXX";
        file_ = std::make_shared<FileDescriptor>(::mkostemp(name.data(), O_CLOEXEC));
        ::unlink(name.c_str());
        while (!content.empty()) {
            const ssize_t count = ::write(file_->get(), content.data(), content.size());
            if (count <= 0) throw std::runtime_error("cannot write " + name);
            content.remove_prefix(static_cast<std::size_t>(count));
        }
    }
    std::shared_ptr<FileDescriptor> descriptor() const { return file_; }
    /// Makes the system forget the bytes, so that they must come from the disk again.
    void forget() const {
        ::fdatasync(file_->get());
        ::posix_fadvise(file_->get(), 0, 0, POSIX_FADV_DONTNEED);
    }

private:
    std::shared_ptr<FileDescriptor> file_;
};

void send_files(bool tls) {
    const std::string content = pattern(10 * mebibyte + 12345);
    const TemporaryFile file(content);
    TestServer server(
        [&](Request& request) -> Task<Response> {
            Response response;
            const auto range = parse_range(request.headers.find("Range"), content.size());
            FileRange body{.file = file.descriptor(), .offset = 0, .length = content.size()};
            if (!range) {
                response.status = 416;
                co_return response;
            }
            if (*range) {
                response.status = 206;
                body.offset = (*range)->offset;
                body.length = (*range)->length;
            }
            response.body = body;
            co_return response;
        },
        {.loops = 1}, one_certificate());
    RawClient client(tls ? server.listen_tls() : server.port());
    ASSERT_TRUE(!tls || client.start_tls(""));
    for (const bool cold : {false, true}) {
        if (cold) file.forget();
        for (const auto& [offset, length] : std::vector<std::pair<std::size_t, std::size_t>>{{0, content.size()},
                                                                                             {0, 1},
                                                                                             {content.size() - 1, 1},
                                                                                             {4095, 4098},
                                                                                             {mebibyte - 1, 2 * mebibyte + 2},
                                                                                             {123, 5'000'000}}) {
            ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=" + std::to_string(offset) + "-" +
                                    std::to_string(offset + length - 1) + "\r\n\r\n"));
            const auto answer = client.receive();
            ASSERT_TRUE(answer);
            EXPECT_EQ(answer->status, 206U);
            EXPECT_TRUE(answer->body == content.substr(offset, length)) << offset << " " << length << (cold ? " cold" : "");
        }
    }
    EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=99999999-\r\n\r\n")->status, 416U);
    const auto whole = client.ask("GET / HTTP/1.1\r\nHost: a\r\nRange: 5-\r\n\r\n");
    EXPECT_EQ(whole->status, 200U);
    EXPECT_TRUE(whole->body == content);
    ASSERT_TRUE(client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_EQ(client.receive(true)->field("Content-Length"), std::to_string(content.size()));
    EXPECT_TRUE(client.ask("GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=0-0\r\n\r\n")); // nothing came after the HEAD
}

TEST(File, IsSentWholeAndInParts) { send_files(false); }
TEST(File, IsSentWholeAndInPartsOverTls) { send_files(true); }

void send_short_file(bool tls) {
    const TemporaryFile file(pattern(100'000));
    TestServer server(
        [&](Request&) -> Task<Response> {
            Response response;
            response.body = FileRange{.file = file.descriptor(), .offset = 0, .length = 200'000};
            co_return response;
        },
        {.loops = 1}, one_certificate());
    RawClient client(tls ? server.listen_tls() : server.port());
    ASSERT_TRUE(!tls || client.start_tls(""));
    EXPECT_FALSE(client.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n")); // the connection ends before the stated length
    RawClient next(server.port());
    EXPECT_TRUE(next.connected());
}

TEST(File, ThatIsShorterThanStatedEndsTheConnection) { send_short_file(false); }
TEST(File, ThatIsShorterThanStatedEndsTheConnectionOverTls) { send_short_file(true); }

// A reader that takes little at a time for longer than the timeout gets all; one that takes nothing is dropped.
void read_slowly(bool tls, bool from_file) {
    const auto content = std::make_shared<const std::string>(pattern(16 * mebibyte));
    const TemporaryFile file(*content);
    TestServer server(
        [&](Request&) -> Task<Response> {
            Response response;
            if (from_file) {
                response.body = FileRange{.file = file.descriptor(), .offset = 0, .length = content->size()};
            } else {
                response.body = content;
            }
            co_return response;
        },
        {.loops = 1, .limits = {.body_timeout = 3s}}, one_certificate());
    const std::uint16_t port = tls ? server.listen_tls() : server.port();
    RawClient slow(port);
    RawClient stuck(port);
    for (RawClient* client : {&slow, &stuck}) {
        client->shrink_buffer(64 * 1024);
        ASSERT_TRUE(!tls || client->start_tls(""));
        ASSERT_TRUE(client->send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    }
    std::string all;
    // Twice the timeout long, and in all less than a third of what the system keeps for a sender, so that it never counts as
    // writable again. The peer's window opens by a segment of the loopback at a time, 64 KiB, which is every 0.7 seconds here:
    // the timeout is several of those, or a busy machine would look like a stuck reader.
    for (int i = 0; i < 60; ++i) {
        all += slow.read_some(10'000);
        std::this_thread::sleep_for(100ms);
    }
    slow.shrink_buffer(4 * mebibyte);
    const std::size_t head = all.find("\r\n\r\n") + 4;
    while (all.size() < head + content->size()) {
        const std::string piece = slow.read_some();
        if (piece.empty()) break;
        all += piece;
    }
    EXPECT_TRUE(all.substr(head) == *content);
    for (int i = 0; i < 500 && server->metrics().connections_open > 1; ++i) std::this_thread::sleep_for(10ms);
    EXPECT_EQ(server->metrics().connections_open, 1U);
}

TEST(Answer, WaitsForSlowReaders) {
    std::vector<std::jthread> threads; // all at once, since each takes its time
    for (const bool tls : {false, true}) {
        for (const bool from_file : {false, true}) threads.emplace_back([=] { read_slowly(tls, from_file); });
    }
}

} // namespace
} // namespace berth::http
