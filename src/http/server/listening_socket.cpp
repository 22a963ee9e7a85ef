#include "http/server/listening_socket.hpp"

#include "http/ip_address.hpp"

#include <fmt/format.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>

namespace berth::http {
namespace {

constexpr int backlog = 4096;
constexpr int attempts_at_free_port = 64;

struct Endpoint {
    std::string host; // without brackets
    std::uint16_t port = 0;
};

std::optional<Endpoint> split(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    const std::string_view port_text = text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
        if (!host.contains(':')) return std::nullopt;
    } else if (host.contains(':')) {
        return std::nullopt;
    }
    Endpoint out{.host = std::string(host)};
    const auto [end, error] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), out.port);
    if (port_text.empty() || error != std::errc{} || end != port_text.data() + port_text.size()) return std::nullopt;
    return out;
}

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

SocketAddress socket_address(const IpAddress& address, std::uint16_t port) {
    SocketAddress out;
    if (address.is_v4()) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        std::memcpy(&v4.sin_addr, address.bytes().data() + 12, sizeof(v4.sin_addr));
        std::memcpy(&out.storage, &v4, sizeof(v4));
        out.size = sizeof(v4);
    } else {
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        std::memcpy(&v6.sin6_addr, address.bytes().data(), sizeof(v6.sin6_addr));
        std::memcpy(&out.storage, &v6, sizeof(v6));
        out.size = sizeof(v6);
    }
    return out;
}

// The socket, or errno.
std::expected<FileDescriptor, int> open_one(const IpAddress& address, std::uint16_t port, bool one_family) {
    const SocketAddress where = socket_address(address, port);
    FileDescriptor out(::socket(where.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!out) return std::unexpected(errno);
    const int on = 1;
    const int only = one_family ? 1 : 0;
    // Accepted sockets inherit TCP_NODELAY: answers leave at once.
    if (::setsockopt(out.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        ::setsockopt(out.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
        (!address.is_v4() && ::setsockopt(out.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)) != 0)) {
        return std::unexpected(errno);
    }
    // NOLINTNEXTLINE: the cast is how the socket interface is made
    if (::bind(out.get(), reinterpret_cast<const sockaddr*>(&where.storage), where.size) != 0 ||
        ::listen(out.get(), backlog) != 0) {
        return std::unexpected(errno);
    }
    return out;
}

std::expected<std::uint16_t, int> port_of(const FileDescriptor& socket) {
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    // NOLINTNEXTLINE: as above
    if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return std::unexpected(errno);
    if (address.ss_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &address, sizeof(v4));
        return ntohs(v4.sin_port);
    }
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof(v6));
    return ntohs(v6.sin6_port);
}

std::unexpected<Error> explain(std::string_view address, int error) {
    switch (error) {
    case EADDRINUSE:
        return failure(ErrorCode::conflict,
                       fmt::format("{} is in use by another program: stop it, or listen at another port", address));
    case EACCES:
        return failure(
            ErrorCode::forbidden,
            fmt::format(
                "listening at {} needs rights this process lacks: give the program cap_net_bind_service (docs/names.md), "
                "or take a port from 1024 on",
                address));
    case EADDRNOTAVAIL: return failure(ErrorCode::invalid_parameter, fmt::format("this machine has no address {}", address));
    default: return failure(ErrorCode::internal, fmt::format("cannot listen at {}: {}", address, ::strerror(error)));
    }
}

bool family_is_missing(int error) noexcept { return error == EAFNOSUPPORT || error == EADDRNOTAVAIL; }

} // namespace

Result<ListeningSockets> open_listening_sockets(std::string_view address) {
    const auto endpoint = split(address);
    const bool by_name = endpoint && endpoint->host == "localhost";
    const auto first = by_name ? IpAddress::parse("127.0.0.1") : endpoint ? IpAddress::parse(endpoint->host) : std::nullopt;
    if (!first) {
        return failure(
            ErrorCode::invalid_parameter,
            fmt::format("`{}` is no address to listen at: write 127.0.0.1:5000, [::1]:5000 or localhost:5000", address));
    }
    std::optional<IpAddress> second; // of the other family
    if (*first == IpAddress::parse("127.0.0.1")) second = IpAddress::parse("::1");
    if (*first == IpAddress::parse("::1")) second = IpAddress::parse("127.0.0.1");

    for (int attempt = 1;; ++attempt) {
        auto socket = open_one(*first, endpoint->port, second.has_value());
        if (!socket && second && family_is_missing(socket.error())) {
            socket = open_one(*second, endpoint->port, true);
            if (!socket) return explain(address, socket.error());
            second.reset();
        }
        if (!socket) return explain(address, socket.error());
        const auto port = port_of(*socket);
        if (!port) return explain(address, port.error());

        ListeningSockets out;
        out.port = *port;
        out.sockets.push_back(std::move(*socket));
        if (!second) return out;
        auto other = open_one(*second, *port, true);
        if (other) {
            out.sockets.push_back(std::move(*other));
            return out;
        }
        if (family_is_missing(other.error())) return out;
        // A port that was free in one family only: take another, if any would do.
        const bool another_would_do = endpoint->port == 0 && other.error() == EADDRINUSE;
        if (!another_would_do || attempt == attempts_at_free_port) return explain(address, other.error());
    }
}

} // namespace berth::http
