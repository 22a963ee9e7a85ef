#pragma once

#include "http/server.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace berth::http::testing {

/// A certificate for `name`, signed by its own key.
Certificate self_signed(const std::string& name);

/// A server on a free loopback port; it ends with this object.
class TestServer {
public:
    explicit TestServer(Handler handler, ServerOptions options = {.loops = 2}, CertificateSource certificates = {});

    /// The port of the plain listener.
    std::uint16_t port() const noexcept { return port_; }
    /// Listens with TLS as well, and gives that port.
    std::uint16_t listen_tls();
    Server& operator*() noexcept { return *server_; }
    Server* operator->() noexcept { return server_.get(); }

private:
    std::unique_ptr<Server> server_;
    std::uint16_t port_ = 0;
};

/// Refusals as this server's tests read them: the body is `STATUS TARGET: REASON`.
Response plain_refusal(unsigned status, std::string_view reason, std::string_view target);

/// Answers with the body that came, at most 256 MiB, and says in its fields how the request was understood.
Task<Response> echo(Request& request);

} // namespace berth::http::testing
