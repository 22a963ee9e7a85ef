#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "http/message.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace berth::http {

/// Answers one request. Runs on the event loop of the connection; what it leaves of the body is drained or the connection
/// closed. It must not block and must not throw.
using Handler = std::function<Task<Response>(Request&)>;

/// A request that never became one: what to answer with when the head or the framing is refused (400, 408, 413, 431,
/// 501, 505). The gateway shapes the body by the path, if there was one.
using RefusalHandler = std::function<Response(unsigned status, std::string_view reason, std::string_view target)>;

/// A certificate chain and its key, both PEM.
struct Certificate {
    std::string chain;
    std::string key;
};

/// Chooses the certificate for the name a client asked for by SNI (empty: it sent none). Called on event loops, may be
/// called often: keep it a look-up that gives the same object for the same certificate, since what TLS makes of it is
/// kept by its address. nullptr ends the handshake.
using CertificateSource = std::function<std::shared_ptr<const Certificate>(std::string_view server_name)>;

/// Whether a server could use the certificate: `invalid_parameter` says what is wrong with the chain or the key. A key
/// under a password cannot be used.
Result<void> check_certificate(const Certificate& certificate);

struct Limits {
    std::size_t head_bytes = 32 * 1024;
    std::chrono::seconds head_timeout{30};  ///< to receive a whole head, and to finish a TLS handshake
    std::chrono::seconds body_timeout{60};  ///< without a byte received or sent within a body
    std::chrono::seconds idle_timeout{120}; ///< between two requests of a connection
    /// Bytes a second that a body must bring on average, `body_timeout` being what it may fall behind; at least 1.
    std::uint64_t body_rate = 1;
    std::size_t connections = 20'000;
    std::size_t connections_of_an_address = 10'000; ///< of IPv6 a /64; trusted proxies may have all
};

struct ServerOptions {
    unsigned loops = 0; ///< event loops; 0: one per core
    Limits limits{};
    std::vector<std::string> trusted_proxies{}; ///< addresses or CIDR blocks whose X-Forwarded-* and Forwarded count
    std::string server_name = "berth";          ///< the `Server` header
};

/// Where to listen: `127.0.0.1:5000`, `[::1]:0`, `0.0.0.0:443`. A loopback address (or `localhost`) means both
/// families at the same port; port 0 takes a free one.
struct Listen {
    std::string address;
    bool tls = false;
};

/// Measures of the server for `/metrics`.
struct ServerMetrics {
    std::uint64_t connections_open = 0;
    std::uint64_t connections_accepted = 0;
    std::uint64_t requests = 0;
    std::uint64_t refused_heads = 0;
    std::uint64_t refused_connections = 0; ///< above a limit of connections
    std::uint64_t descriptor_pauses = 0;   ///< times that accepting waited for free file descriptors
    std::uint64_t bytes_received = 0;
    std::uint64_t bytes_sent = 0;
    std::chrono::microseconds longest_loop_stall{0}; ///< since the last call of `metrics`
    /// That, without the time in which the system ran others: what handlers took, or waited for.
    std::chrono::microseconds longest_loop_block{0};
};

/// An HTTP/1.1 server: strict about framing (RFC 9112), one coroutine per connection, one event loop per core, one
/// acceptor that gives each connection to the least loaded loop. Thread-safe.
class Server {
public:
    static Result<std::unique_ptr<Server>> create(ServerOptions options, Handler handler, RefusalHandler refusal,
                                                  CertificateSource certificates);
    virtual ~Server() = default;

    /// Starts to listen and returns the port. Fails with `conflict` and a message for people when the port is in use.
    virtual Result<std::uint16_t> listen(const Listen& where) = 0;
    /// Forgets TLS contexts made of earlier certificates, so that the next handshake asks the source again.
    virtual void reload_certificates() = 0;
    /// Accepts no more, lets requests that are under way finish for at most `grace`, closes idle connections, ends.
    /// Returns whether all ended by themselves. Blocks; called once, from a thread that is no event loop.
    virtual bool drain(std::chrono::seconds grace) = 0;
    virtual ServerMetrics metrics() = 0;
    /// Runs `start` on some event loop: for work that is no request, like sweeping.
    virtual void post(std::move_only_function<void()> start) = 0;
};

} // namespace berth::http
