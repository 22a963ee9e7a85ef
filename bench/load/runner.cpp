#include "load/runner.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace load {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t receive_size = 64 * 1024;
constexpr int longest_silence_ms = 30'000;

struct Connection {
    int socket = -1;
    std::unique_ptr<Script> script;
    AnswerReader reader;
    Clock::time_point sent_at;
    bool busy = false;
};

// Requests are small against a socket's buffer; what does not fit waits.
void send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
            continue;
        }
        pollfd waiting{socket, POLLOUT, 0};
        if (errno != EAGAIN || ::poll(&waiting, 1, longest_silence_ms) != 1) fail("the server ended a connection");
    }
}

// Asks the script's next request, if there is one.
void ask(Connection& connection) {
    const std::string_view request = connection.script->next();
    connection.busy = !request.empty();
    if (!connection.busy) return;
    connection.sent_at = Clock::now();
    send_all(connection.socket, request);
}

} // namespace

std::uint32_t Outcome::percentile(double part) const {
    if (microseconds.empty()) return 0;
    const auto at = static_cast<std::size_t>(part * static_cast<double>(microseconds.size()));
    return microseconds[std::min(at, microseconds.size() - 1)];
}

int connect_to(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // NOLINTNEXTLINE: how the socket interface is made
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&where), sizeof(where)) != 0) fail("nobody listens at the port");
    return socket;
}

Outcome run_scripts(const Target& target, std::vector<std::unique_ptr<Script>> scripts, std::chrono::duration<double> most) {
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<Connection> connections(scripts.size());
    for (std::size_t i = 0; i < scripts.size(); ++i) {
        connections[i].socket = connect_to(target.port);
        connections[i].script = std::move(scripts[i]);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = i;
        ::epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].socket, &event);
    }

    Outcome outcome;
    const auto started = Clock::now();
    const auto end = started + std::chrono::duration_cast<Clock::duration>(most);
    std::size_t busy = 0;
    for (Connection& connection : connections) {
        ask(connection);
        if (connection.busy) ++busy;
    }
    std::array<epoll_event, 256> events{};
    while (busy > 0) {
        const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), longest_silence_ms);
        if (count == 0) fail("the server did not answer for half a minute");
        for (int i = 0; i < count; ++i) {
            Connection& connection = connections[events.at(static_cast<std::size_t>(i)).data.u64];
            const ssize_t got = ::recv(connection.socket, connection.reader.room(receive_size), receive_size, MSG_DONTWAIT);
            if (got < 0 && errno == EAGAIN) continue;
            if (got <= 0) fail("the server ended a connection");
            connection.reader.received(static_cast<std::size_t>(got));
            const auto answer = connection.reader.take();
            if (!answer) continue;
            const auto now = Clock::now();
            outcome.microseconds.push_back(static_cast<std::uint32_t>(
                std::chrono::duration_cast<std::chrono::microseconds>(now - connection.sent_at).count()));
            ++outcome.requests;
            if (connection.script->take(*answer)) ++outcome.operations;
            if (now < end) {
                ask(connection);
            } else {
                connection.busy = false;
            }
            if (!connection.busy) --busy;
        }
    }
    outcome.seconds = std::chrono::duration<double>(Clock::now() - started).count();
    for (const Connection& connection : connections) ::close(connection.socket);
    ::close(epoll);
    std::ranges::sort(outcome.microseconds);
    return outcome;
}

} // namespace load
