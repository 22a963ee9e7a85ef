// What a request costs the server, against a bare Beast server that answers the same bytes: the servers run in processes
// of their own on one event loop, so that their processor time can be read apart from the client's.
//   server_cpu_us   processor time of the server for one request, in microseconds
//   items_per_second, bytes_per_second   as the client sees them
#include "http/server.hpp"

#include <benchmark/benchmark.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;

// A manifest of usual size behind a bearer token of usual size.
const std::string manifest(1'600, 'm');
const std::string digest = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
const std::string request_text =
    "GET /v2/library/app/manifests/latest HTTP/1.1\r\nHost: 127.0.0.1:5000\r\nUser-Agent: bench/1.0\r\n"
    "Accept: application/vnd.oci.image.manifest.v1+json\r\nAuthorization: Bearer " +
    std::string(900, 't') + "\r\nAccept-Encoding: gzip\r\n\r\n";

// A server in a process of its own.
class Child {
public:
    // `serve` gives the port by its argument and runs until it is killed.
    explicit Child(const std::function<void(const std::function<void(std::uint16_t)>&)>& serve) {
        std::array<int, 2> pipe{};
        if (::pipe2(pipe.data(), O_CLOEXEC) != 0) std::abort();
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            serve([&](std::uint16_t port) {
                if (::write(pipe[1], &port, sizeof(port)) != sizeof(port)) std::abort();
            });
            std::_Exit(0);
        }
        ::close(pipe[1]);
        if (::read(pipe[0], &port_, sizeof(port_)) != sizeof(port_)) std::abort();
        ::close(pipe[0]);
    }
    ~Child() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    std::uint16_t port() const { return port_; }
    /// Microseconds on the processor so far, all threads.
    double cpu_us() const {
        clockid_t clock = 0;
        timespec time{};
        if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &time) != 0) std::abort();
        return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
    }

private:
    pid_t pid_ = 0;
    std::uint16_t port_ = 0;
};

int connect_to(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&where), sizeof(where)) != 0) std::abort();
    return socket;
}

berth::http::Response plain_refusal(unsigned status, std::string_view, std::string_view) { return {.status = status}; }

void serve_berth(const berth::http::Handler& handler, const std::function<void(std::uint16_t)>& ready) {
    auto server = berth::http::Server::create({.loops = 1}, handler, &plain_refusal, {});
    ready(*(*server)->listen({.address = "127.0.0.1:0"}));
    ::pause();
}

berth::Task<berth::http::Response> answer_manifest(berth::http::Request&) {
    static const auto body = std::make_shared<const std::string>(manifest);
    berth::http::Response response;
    response.headers.reserve(4);
    response.headers.add("Content-Type", "application/vnd.oci.image.manifest.v1+json");
    response.headers.add("Docker-Content-Digest", digest);
    response.headers.add("Docker-Distribution-Api-Version", "registry/2.0");
    response.headers.add("ETag", "\"" + digest + "\"");
    response.body = body;
    co_return response;
}

// One connection of the bare server: Beast's own messages, and its own deadlines if asked for.
class Bare : public std::enable_shared_from_this<Bare> {
public:
    Bare(tcp::socket socket, bool deadlines) : stream_(std::move(socket)), deadlines_(deadlines) {
        stream_.socket().set_option(tcp::no_delay(true));
    }
    void read() {
        request_ = {};
        if (deadlines_) stream_.expires_after(std::chrono::seconds(30));
        beast::http::async_read(stream_, buffer_, request_, [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (!error) self->write();
        });
    }

private:
    void write() {
        response_ = {};
        response_.version(11);
        response_.set(beast::http::field::server, "berth");
        response_.set(beast::http::field::date, "Sun, 22 Nov 2026 21:10:27 GMT");
        response_.set(beast::http::field::content_type, "application/vnd.oci.image.manifest.v1+json");
        response_.set("Docker-Content-Digest", digest);
        response_.set("Docker-Distribution-Api-Version", "registry/2.0");
        response_.set(beast::http::field::etag, "\"" + digest + "\"");
        response_.body() = manifest;
        response_.prepare_payload();
        if (deadlines_) stream_.expires_after(std::chrono::seconds(30));
        beast::http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (!error) self->read();
        });
    }
    beast::tcp_stream stream_;
    bool deadlines_;
    beast::flat_buffer buffer_;
    beast::http::request<beast::http::string_body> request_;
    beast::http::response<beast::http::string_body> response_;
};

void accept_bare(tcp::acceptor& acceptor, bool deadlines) {
    acceptor.async_accept([&acceptor, deadlines](beast::error_code error, tcp::socket socket) {
        if (!error) std::make_shared<Bare>(std::move(socket), deadlines)->read();
        accept_bare(acceptor, deadlines);
    });
}

void serve_bare(bool deadlines, const std::function<void(std::uint16_t)>& ready) {
    asio::io_context context(1);
    tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    accept_bare(acceptor, deadlines);
    ready(acceptor.local_endpoint().port());
    context.run();
}

// Sixteen connections, each with one request under way.
void ask_many(benchmark::State& state, const Child& child) {
    constexpr std::size_t connections = 16;
    std::vector<int> sockets;
    for (std::size_t i = 0; i < connections; ++i) sockets.push_back(connect_to(child.port()));
    std::array<char, 16'384> room;
    const auto round = [&] {
        for (const int socket : sockets) {
            if (::send(socket, request_text.data(), request_text.size(), MSG_NOSIGNAL) < 0) std::abort();
        }
        for (const int socket : sockets) {
            std::size_t got = 0;
            while (got < manifest.size() + 300) {
                const ssize_t count = ::recv(socket, room.data(), room.size(), 0);
                if (count <= 0) std::abort();
                got += static_cast<std::size_t>(count);
            }
        }
    };
    for (int i = 0; i < 500; ++i) round();
    const double before = child.cpu_us();
    std::size_t requests = 0;
    for (auto step : state) {
        static_cast<void>(step);
        round();
        requests += connections;
    }
    state.counters["server_cpu_us"] = (child.cpu_us() - before) / static_cast<double>(requests);
    state.SetItemsProcessed(static_cast<std::int64_t>(requests));
    for (const int socket : sockets) ::close(socket);
}

void manifest_from_berth(benchmark::State& state) {
    const Child child([](const auto& ready) { serve_berth(&answer_manifest, ready); });
    ask_many(state, child);
}
void manifest_from_bare_beast(benchmark::State& state) {
    const Child child([](const auto& ready) { serve_bare(false, ready); });
    ask_many(state, child);
}
void manifest_from_bare_beast_with_deadlines(benchmark::State& state) {
    const Child child([](const auto& ready) { serve_bare(true, ready); });
    ask_many(state, child);
}

// A file of 256 MiB, by sendfile.
void file_from_berth(benchmark::State& state) {
    constexpr std::uint64_t size = 256 << 20;
    std::FILE* file = std::tmpfile();
    const std::string piece(1 << 20, 'f');
    for (std::uint64_t written = 0; written < size; written += piece.size()) {
        if (std::fwrite(piece.data(), 1, piece.size(), file) != piece.size()) std::abort();
    }
    std::fflush(file);
    const auto descriptor = std::make_shared<berth::FileDescriptor>(::dup(::fileno(file)));
    std::fclose(file);
    const Child child([&](const auto& ready) {
        serve_berth(
            [&](berth::http::Request&) -> berth::Task<berth::http::Response> {
                berth::http::Response response;
                response.body = berth::http::FileRange{.file = descriptor, .offset = 0, .length = size};
                co_return response;
            },
            ready);
    });
    const int socket = connect_to(child.port());
    std::vector<char> room(1 << 20);
    const double before = child.cpu_us();
    for (auto step : state) {
        static_cast<void>(step);
        if (::send(socket, request_text.data(), request_text.size(), MSG_NOSIGNAL) < 0) std::abort();
        std::uint64_t got = 0;
        while (got < size + 100) {
            const ssize_t count = ::recv(socket, room.data(), room.size(), MSG_TRUNC); // counted, not copied
            if (count <= 0) std::abort();
            got += static_cast<std::uint64_t>(count);
            if (got >= size + 100) break;
        }
    }
    const auto bytes = static_cast<double>(state.iterations()) * static_cast<double>(size);
    state.counters["server_cpu_us_per_MiB"] = (child.cpu_us() - before) / (bytes / (1 << 20));
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
    ::close(socket);
}

BENCHMARK(manifest_from_berth)->UseRealTime();
BENCHMARK(manifest_from_bare_beast)->UseRealTime();
BENCHMARK(manifest_from_bare_beast_with_deadlines)->UseRealTime();
BENCHMARK(file_from_berth)->UseRealTime()->Unit(benchmark::kMillisecond);

} // namespace
