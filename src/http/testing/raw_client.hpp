#pragma once

#include "base/file_descriptor.hpp"

#include <openssl/ssl.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth::http::testing {

/// An answer as it came over the wire.
struct RawResponse {
    unsigned status = 0;
    std::string head; ///< with the empty line
    std::string body;

    /// The value of a field, or nullopt.
    std::optional<std::string> field(std::string_view name) const;
};

/// A client of plain blocking sockets that sends whatever bytes a test wants. Waits at most ten seconds for anything.
class RawClient {
public:
    /// Connects to a loopback port; `address` is `127.0.0.1` or `::1`.
    explicit RawClient(std::uint16_t port, const std::string& address = "127.0.0.1");
    /// Goes on with TLS; `name` is the SNI. False if the handshake fails. The certificate is not checked.
    bool start_tls(const std::string& name);
    /// The common name of the server's certificate.
    std::string certificate_name() const;
    /// The protocol that ALPN chose.
    std::string protocol() const;

    bool connected() const noexcept { return static_cast<bool>(socket_); }
    /// False when the peer is gone.
    bool send(std::string_view bytes);
    /// Reads one answer; nullopt if the connection ends before it does. `to_head`: there is no body.
    std::optional<RawResponse> receive(bool to_head = false);
    /// Sends one request and reads its answer.
    std::optional<RawResponse> ask(std::string_view bytes) { return send(bytes) ? receive() : std::nullopt; }
    /// Some bytes; empty at the end.
    std::string read_some(std::size_t most = 65536);
    /// Everything until the end.
    std::string read_all();
    /// Whether the peer ends the connection within the time, without sending anything more.
    bool ends_within(std::chrono::milliseconds time);
    /// Ends the sending side.
    void finish_sending();
    /// Makes the system hold little that was received, so that a slow reader is felt.
    void shrink_buffer(int size);

private:
    struct Free {
        void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
        void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
    };
    FileDescriptor socket_;
    std::unique_ptr<SSL_CTX, Free> context_;
    std::unique_ptr<SSL, Free> tls_;
    std::string ahead_;
};

} // namespace berth::http::testing
