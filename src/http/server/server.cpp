#include "http/server.hpp"

#include "http/server/acceptor.hpp"
#include "http/server/connection.hpp"
#include "http/server/event_loop.hpp"
#include "http/server/listening_socket.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <future>
#include <thread>

namespace berth::http {
namespace {

using namespace std::chrono_literals;

constexpr unsigned file_workers = 4;
constexpr auto drain_poll = 2ms;
constexpr auto time_to_abort = 5s; // for handlers to notice that their connection is gone
constexpr std::string_view too_many = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n"
                                      "Connection: close\r\n\r\n";

class AsioServer final : public Server {
public:
    AsioServer(ServerOptions options, Handler handler, RefusalHandler refusal, TrustedProxies proxies,
               CertificateSource certificates)
        : parts_{.options = std::move(options),
                 .handler = std::move(handler),
                 .refusal = std::move(refusal),
                 .proxies = std::move(proxies),
                 .tls = TlsContexts(std::move(certificates)),
                 .workers = WorkerPool(file_workers)} {
        const unsigned count =
            parts_.options.loops > 0 ? parts_.options.loops : std::max(1U, std::thread::hardware_concurrency());
        for (unsigned i = 0; i < count; ++i) loops_.push_back(std::make_unique<EventLoop>());
        for (auto& loop : loops_) loop->start();
    }

    ~AsioServer() override {
        if (!drained_) drain(0s);
    }

    Result<std::uint16_t> listen(const Listen& where) override {
        auto sockets = open_listening_sockets(where.address);
        if (!sockets) return failure(std::move(sockets));
        EventLoop& home = *loops_.front();
        std::vector<std::shared_ptr<Acceptor>> opened;
        for (FileDescriptor& socket : sockets->sockets) {
            opened.push_back(std::make_shared<Acceptor>(
                home.context(), home.counters, std::move(socket),
                [this, tls = where.tls](FileDescriptor accepted, IpAddress peer) { deal(std::move(accepted), peer, tls); }));
        }
        home.post([this, opened = std::move(opened)] {
            for (const auto& acceptor : opened) {
                acceptor->start();
                acceptors_.push_back(acceptor);
            }
        });
        return sockets->port;
    }

    void reload_certificates() override { parts_.tls.reload(); }

    bool drain(std::chrono::seconds grace) override {
        drained_ = true;
        std::promise<void> closed;
        loops_.front()->post([this, &closed] {
            for (const auto& acceptor : acceptors_) acceptor->close();
            acceptors_.clear();
            closed.set_value();
        });
        closed.get_future().wait();
        for (auto& loop : loops_) loop->drain();
        const bool by_themselves = wait_until_empty(grace);
        if (!by_themselves) {
            for (auto& loop : loops_) loop->abort_all();
            wait_until_empty(time_to_abort);
        }
        for (auto& loop : loops_) loop->stop();
        return by_themselves;
    }

    ServerMetrics metrics() override {
        ServerMetrics out;
        for (auto& loop : loops_) {
            out.connections_open += loop->open.load(std::memory_order_relaxed);
            out.connections_accepted += loop->counters.accepted.value();
            out.requests += loop->counters.requests.value();
            out.refused_heads += loop->counters.refused_heads.value();
            out.refused_connections += loop->counters.refused_connections.value();
            out.descriptor_pauses += loop->counters.descriptor_pauses.value();
            out.bytes_received += loop->counters.bytes_received.value();
            out.bytes_sent += loop->counters.bytes_sent.value();
            out.longest_loop_stall = std::max(out.longest_loop_stall, loop->take_longest_stall());
            out.longest_loop_block = std::max(out.longest_loop_block, loop->take_longest_block());
        }
        return out;
    }

    void post(std::move_only_function<void()> start) override {
        loops_[next_post_.fetch_add(1, std::memory_order_relaxed) % loops_.size()]->post(std::move(start));
    }

private:
    // On the first loop's thread.
    void deal(FileDescriptor socket, IpAddress peer, bool tls) {
        std::size_t open = 0;
        EventLoop* chosen = nullptr;
        for (std::size_t i = 0; i < loops_.size(); ++i) { // among equals, each in its turn
            EventLoop& loop = *loops_[(next_deal_ + i) % loops_.size()];
            const std::size_t count = loop.open.load(std::memory_order_acquire);
            open += count;
            if (chosen == nullptr || count < chosen->open.load(std::memory_order_acquire)) chosen = &loop;
        }
        ++next_deal_;
        const Limits& limits = parts_.options.limits;
        const std::size_t most_of_peer = parts_.proxies.contains(peer) ? SIZE_MAX : limits.connections_of_an_address;
        if (open >= limits.connections || !parts_.by_address.add(peer, most_of_peer)) {
            loops_.front()->counters.refused_connections.add(1);
            if (!tls) {
                ::send(socket.get(), too_many.data(), too_many.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
                ::shutdown(socket.get(), SHUT_WR);
            }
            return;
        }
        chosen->open.fetch_add(1, std::memory_order_relaxed);
        if (chosen == Executor::current()) {
            Connection::serve(parts_, *chosen, std::move(socket), peer, tls);
            return;
        }
        chosen->post([this, chosen, socket = std::move(socket), peer, tls]() mutable {
            Connection::serve(parts_, *chosen, std::move(socket), peer, tls);
        });
    }

    bool wait_until_empty(std::chrono::milliseconds time) {
        const auto end = std::chrono::steady_clock::now() + time;
        const auto empty = [this] {
            return std::ranges::all_of(loops_,
                                       [](const auto& loop) { return loop->open.load(std::memory_order_acquire) == 0; });
        };
        while (!empty()) {
            if (std::chrono::steady_clock::now() >= end) return false;
            std::this_thread::sleep_for(drain_poll);
        }
        return true;
    }

    std::vector<std::unique_ptr<EventLoop>> loops_;
    std::vector<std::shared_ptr<Acceptor>> acceptors_; // on the first loop's thread
    std::size_t next_deal_ = 0;                        // likewise
    std::atomic<std::size_t> next_post_ = 0;
    bool drained_ = false;
    ServerParts parts_; // its workers end first: they post to the loops
};

} // namespace

Result<std::unique_ptr<Server>> Server::create(ServerOptions options, Handler handler, RefusalHandler refusal,
                                               CertificateSource certificates) {
    auto proxies = TrustedProxies::parse(options.trusted_proxies);
    if (!proxies) return failure(std::move(proxies));
    return std::make_unique<AsioServer>(std::move(options), std::move(handler), std::move(refusal), std::move(*proxies),
                                        std::move(certificates));
}

} // namespace berth::http
