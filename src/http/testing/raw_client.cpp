#include "http/testing/raw_client.hpp"

#include "http/ip_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <strings.h>

namespace berth::http::testing {
namespace {

constexpr timeval patience{.tv_sec = 10, .tv_usec = 0};

} // namespace

std::optional<std::string> RawResponse::field(std::string_view name) const {
    std::size_t line = head.find("\r\n");
    while (line != std::string::npos && line + 2 < head.size()) {
        line += 2;
        const std::size_t end = head.find("\r\n", line);
        const std::string_view text = std::string_view(head).substr(line, end - line);
        if (text.size() > name.size() + 1 && text[name.size()] == ':' &&
            ::strncasecmp(text.data(), name.data(), name.size()) == 0) {
            return std::string(text.substr(name.size() + 2));
        }
        line = end;
    }
    return std::nullopt;
}

// OpenSSL writes without MSG_NOSIGNAL: a server that closes first would end the test. Only for the client's own thread, so
// that a server that forgets it still shows.
static void block_broken_pipe() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

RawClient::RawClient(std::uint16_t port, const std::string& address) {
    block_broken_pipe();
    const bool six = address.find(':') != std::string::npos;
    socket_ = FileDescriptor(::socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    const int on = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    int result = -1;
    if (six) {
        sockaddr_in6 where{};
        where.sin6_family = AF_INET6;
        where.sin6_port = htons(port);
        ::inet_pton(AF_INET6, address.c_str(), &where.sin6_addr);
        result = ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&where), sizeof(where)); // NOLINT
    } else {
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_port = htons(port);
        ::inet_pton(AF_INET, address.c_str(), &where.sin_addr);
        result = ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&where), sizeof(where)); // NOLINT
    }
    if (result != 0) socket_.reset();
}

bool RawClient::start_tls(const std::string& name) {
    context_.reset(SSL_CTX_new(TLS_client_method()));
    static constexpr std::array<unsigned char, 12> offered{2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    SSL_CTX_set_alpn_protos(context_.get(), offered.data(), offered.size());
    tls_.reset(SSL_new(context_.get()));
    if (!name.empty()) {
        SSL_ctrl(tls_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 const_cast<char*>(name.c_str())); // NOLINT
    }
    SSL_set_fd(tls_.get(), socket_.get());
    return SSL_connect(tls_.get()) == 1;
}

std::string RawClient::certificate_name() const {
    std::array<char, 256> name{};
    X509* certificate = SSL_get0_peer_certificate(tls_.get());
    if (certificate == nullptr) return {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(), name.size());
    return name.data();
}

std::string RawClient::protocol() const {
    const unsigned char* text = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(tls_.get(), &text, &size);
    return {text, text + size};
}

bool RawClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        ssize_t count = 0;
        if (tls_) {
            count = SSL_write(tls_.get(), bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 20)));
        } else {
            count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        }
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

std::string RawClient::read_some(std::size_t most) {
    if (!ahead_.empty()) {
        std::string out = ahead_.substr(0, most);
        ahead_.erase(0, out.size());
        return out;
    }
    std::string out(most, '\0');
    ssize_t count = 0;
    if (tls_) {
        count = SSL_read(tls_.get(), out.data(), static_cast<int>(out.size()));
    } else {
        count = ::recv(socket_.get(), out.data(), out.size(), 0);
    }
    out.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return out;
}

std::string RawClient::read_all() {
    std::string out;
    while (true) {
        const std::string piece = read_some();
        if (piece.empty()) return out;
        out += piece;
    }
}

std::optional<RawResponse> RawClient::receive(bool to_head) {
    std::string bytes;
    std::size_t end = std::string::npos;
    while ((end = bytes.find("\r\n\r\n")) == std::string::npos) {
        const std::string piece = read_some();
        if (piece.empty()) return std::nullopt;
        bytes += piece;
    }
    RawResponse out;
    out.head = bytes.substr(0, end + 4);
    bytes.erase(0, end + 4);
    std::from_chars(out.head.data() + 9, out.head.data() + 12, out.status);
    std::size_t length = 0;
    const std::string length_text = out.field("Content-Length").value_or("0");
    std::from_chars(length_text.data(), length_text.data() + length_text.size(), length);
    if (to_head || out.status < 200 || out.status == 204 || out.status == 304) length = 0;
    while (bytes.size() < length) {
        const std::string piece = read_some();
        if (piece.empty()) return std::nullopt;
        bytes += piece;
    }
    out.body = bytes.substr(0, length);
    ahead_.insert(0, bytes.substr(length));
    return out;
}

bool RawClient::ends_within(std::chrono::milliseconds time) {
    pollfd what{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (!ahead_.empty() || ::poll(&what, 1, static_cast<int>(time.count())) != 1) return false;
    return read_some().empty();
}

void RawClient::finish_sending() { ::shutdown(socket_.get(), SHUT_WR); }

void RawClient::shrink_buffer(int size) { ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)); }

} // namespace berth::http::testing
