#pragma once

#include "base/task.hpp"
#include "base/worker_pool.hpp"
#include "http/forwarded.hpp"
#include "http/ip_address.hpp"
#include "http/server.hpp"
#include "http/server/body_reader.hpp"
#include "http/server/connections_by_address.hpp"
#include "http/server/event_loop.hpp"
#include "http/server/response_writer.hpp"
#include "http/server/tls.hpp"
#include "http/server/wire.hpp"

namespace berth::http {

/// What all connections of a server share; unchanged while it runs.
struct ServerParts {
    ServerOptions options;
    Handler handler;
    RefusalHandler refusal;
    TrustedProxies proxies;
    ConnectionsByAddress by_address{};
    TlsContexts tls;
    WorkerPool workers;
};

/// One connection: requests one after another until either side ends it. Belongs to the thread of its loop.
class Connection final : private LoopMember {
public:
    Connection(ServerParts& parts, EventLoop& loop, FileDescriptor socket, IpAddress peer, bool tls);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Runs a connection from its first byte to its end, on the thread of `loop`, which counted it as open, as
    /// `ServerParts::by_address` did.
    static void serve(ServerParts& parts, EventLoop& loop, FileDescriptor socket, IpAddress peer, bool tls);

private:
    enum class HeadState { complete, refused, ended };

    static Task<void> live(std::unique_ptr<Connection> connection);
    Task<void> run();
    /// Receives a whole head into the buffer. `ended`: there will be none.
    Task<HeadState> receive_head();
    HeadState scan(); // `ended`: not yet whole
    HeadState head_missing(bool expired);
    /// The request target as far as the refused head tells, for the shape of the answer.
    std::string target_so_far() const;
    /// Answers one request; whether the connection goes on.
    Task<bool> answer();
    Task<void> refuse();
    /// Waits for the peer to end too, so that it can read the answer before the connection is gone.
    Task<void> linger();

    void tick(std::int64_t now) noexcept override { wire_.check_deadline(now); }
    void drain() noexcept override;
    void abort() noexcept override { wire_.abort(); }

    ServerParts& parts_;
    EventLoop& loop_;
    IpAddress peer_;
    std::string peer_text_;
    bool peer_trusted_;
    Wire wire_;
    BodyReader body_;
    ResponseWriter writer_;
    HeadScanner scanner_;
    Refusal refusal_;
    std::string refused_target_;
    bool first_ = true;             // no request yet
    bool idle_ = false;             // waits for something that no request hangs on
    unsigned answered_in_turn_ = 0; // since the loop could run others
};

} // namespace berth::http
