#include "http/server/connection.hpp"

#include <array>

namespace berth::http {
namespace {

using namespace std::chrono_literals;

constexpr auto linger_time = 3s;
constexpr std::uint64_t most_lingered = 16 * 1024 * 1024;
constexpr unsigned most_in_turn = 16;
constexpr std::string_view line_end = "\r\n";

} // namespace

Connection::Connection(ServerParts& parts, EventLoop& loop, FileDescriptor socket, IpAddress peer, bool tls)
    : parts_(parts), loop_(loop), peer_(peer), peer_text_(peer.to_string()), peer_trusted_(parts.proxies.contains(peer)),
      wire_(loop.context(), loop.counters, std::move(socket), tls ? &parts.tls : nullptr),
      body_(wire_, loop.now(), parts.options.limits.body_timeout, parts.options.limits.body_rate),
      writer_(wire_, loop.now(), parts.options.limits.body_timeout, parts.workers) {
    loop_.add(*this);
}

Connection::~Connection() {
    loop_.remove(*this);
    parts_.by_address.remove(peer_);
    loop_.open.fetch_sub(1, std::memory_order_release);
}

void Connection::serve(ServerParts& parts, EventLoop& loop, FileDescriptor socket, IpAddress peer, bool tls) {
    auto connection = std::make_unique<Connection>(parts, loop, std::move(socket), peer, tls);
    live(std::move(connection)).detach();
}

Task<void> Connection::live(std::unique_ptr<Connection> connection) {
    Task<void> running = connection->run();
    co_await std::move(running);
}

void Connection::drain() noexcept {
    if (idle_) wire_.cancel();
}

Task<void> Connection::run() {
    if (!wire_.ok() || loop_.draining()) co_return;
    loop_.counters.accepted.add(1);
    if (wire_.secure()) {
        wire_.arm(loop_.now() + parts_.options.limits.head_timeout.count() + 1);
        Wire::Handshake handshake = wire_.handshake();
        idle_ = true;
        const bool secured = co_await handshake;
        idle_ = false;
        wire_.disarm();
        if (!secured) co_return;
    }
    while (true) {
        Task<HeadState> receiving = receive_head();
        const HeadState state = co_await std::move(receiving);
        if (state == HeadState::ended) co_return;
        if (state == HeadState::refused) {
            refused_target_ = target_so_far();
            break;
        }
        Task<bool> answering = answer();
        const bool goes_on = co_await std::move(answering);
        if (!goes_on) co_return;
        if (++answered_in_turn_ >= most_in_turn) { // requests sent all at once must not keep the loop to themselves
            answered_in_turn_ = 0;
            Wire::Yield yielding = wire_.yield();
            co_await yielding;
        }
    }
    Task<void> refusing = refuse();
    co_await std::move(refusing);
}

Connection::HeadState Connection::scan() {
    const std::string_view bytes = wire_.buffer.view();
    switch (scanner_.scan(bytes)) {
    case HeadScanner::State::complete:
        if (scanner_.size() <= parts_.options.limits.head_bytes) return HeadState::complete;
        break;
    case HeadScanner::State::refused: refusal_ = scanner_.refusal(); return HeadState::refused;
    case HeadScanner::State::incomplete:
        if (bytes.size() < parts_.options.limits.head_bytes) return HeadState::ended;
        break;
    }
    refusal_ = {431, "the head of the request is larger than this server accepts"};
    return HeadState::refused;
}

Connection::HeadState Connection::head_missing(bool expired) {
    // A peer that goes away, or has not begun to speak, is told nothing.
    if (wire_.buffer.empty() || !expired) return HeadState::ended;
    refusal_ = {408, "the head of the request took too long"};
    return HeadState::refused;
}

std::string Connection::target_so_far() const {
    const std::string_view line = wire_.buffer.view().substr(0, wire_.buffer.view().find(line_end));
    const std::size_t begin = line.find(' ');
    if (begin == std::string_view::npos) return {};
    const std::string_view rest = line.substr(begin + 1);
    return std::string(rest.substr(0, rest.find(' ')));
}

Task<Connection::HeadState> Connection::receive_head() {
    const Limits& limits = parts_.options.limits;
    scanner_ = {};
    bool begun = false;    // the deadline of the head runs; more bytes do not move it
    bool forgiven = false; // one empty line before a request is (RFC 9112 section 2.2)
    while (true) {
        if (!forgiven && wire_.buffer.view().starts_with(line_end)) {
            wire_.buffer.consume(line_end.size());
            forgiven = true;
        }
        const bool half_a_line_end = !forgiven && wire_.buffer.view() == line_end.substr(0, 1);
        if (!wire_.buffer.empty() && !half_a_line_end) {
            const HeadState state = scan();
            if (state != HeadState::ended) {
                wire_.disarm();
                co_return state;
            }
        }
        idle_ = wire_.buffer.empty();
        if (idle_) {
            if (loop_.draining()) co_return HeadState::ended;
            wire_.buffer.shrink();
            writer_.shrink();
            wire_.arm(loop_.now() + (first_ ? limits.head_timeout : limits.idle_timeout).count() + 1);
        } else if (!begun) {
            begun = true;
            wire_.arm(loop_.now() + limits.head_timeout.count() + 1);
        }
        answered_in_turn_ = 0;
        Wire::Receive receiving = wire_.receive(wire_.buffer.room(limits.head_bytes + 1));
        const std::ptrdiff_t received = co_await receiving;
        idle_ = false;
        if (received <= 0) {
            const bool expired = wire_.expired();
            wire_.disarm();
            co_return head_missing(expired);
        }
        wire_.buffer.added(static_cast<std::size_t>(received));
    }
}

Task<bool> Connection::answer() {
    Request request;
    Framing framing;
    auto refusal = parse_head(wire_.buffer.view().substr(0, scanner_.size()), request, framing);
    if (!refusal && peer_trusted_) refusal = apply_forwarded(request, peer_, parts_.proxies);
    if (refusal) {
        refusal_ = *refusal;
        refused_target_ = std::move(request.target);
        Task<void> refusing = refuse();
        co_await std::move(refusing);
        co_return false;
    }
    wire_.buffer.consume(scanner_.size());
    first_ = false;
    if (request.remote_address.empty()) request.remote_address = peer_text_;
    request.secure = request.secure || wire_.secure();
    body_.begin(request, framing);
    request.body = &body_;
    loop_.counters.requests.add(1);

    Task<Response> handling = parts_.handler(request);
    const Response response = co_await std::move(handling);

    body_.drop_buffered();
    Delivery delivery{.keep_alive =
                          framing.keep_alive && !loop_.draining() && body_.worth_draining() && !asks_to_close(response),
                      .to_http_1_0 = framing.http_1_0,
                      .to_head = request.method == Method::head};
    writer_.start(response, delivery, parts_.options.server_name);
    bool sent = !writer_.failed();
    if (sent && !writer_.finished()) {
        Task<bool> finishing = writer_.finish();
        sent = co_await std::move(finishing);
    }
    if (!sent) co_return false;
    if (!delivery.keep_alive) {
        if (body_.ended() && wire_.buffer.empty()) co_return false; // nothing on its way that could harm the answer
        Task<void> lingering = linger();
        co_await std::move(lingering);
        co_return false;
    }
    if (body_.ended()) co_return true;
    Task<bool> draining = body_.drain();
    const bool drained = co_await std::move(draining);
    co_return drained;
}

Task<void> Connection::refuse() {
    loop_.counters.refused_heads.add(1);
    const Response response = parts_.refusal(refusal_.status, refusal_.reason, refused_target_);
    writer_.start(response, Delivery{.keep_alive = false}, parts_.options.server_name);
    bool sent = !writer_.failed();
    if (sent && !writer_.finished()) {
        Task<bool> finishing = writer_.finish();
        sent = co_await std::move(finishing);
    }
    if (!sent) co_return;
    Task<void> lingering = linger();
    co_await std::move(lingering);
}

// Closing a socket on which something unread arrives resets the connection, and the peer may lose the answer with it.
Task<void> Connection::linger() {
    wire_.finish_sending();
    std::array<char, 16 * 1024> scratch; // NOLINT: what arrives is not looked at
    std::uint64_t lingered = 0;
    wire_.arm(loop_.now() + std::chrono::seconds(linger_time).count());
    idle_ = true;
    while (lingered < most_lingered && wire_.ok() && !wire_.expired()) {
        Wire::Receive receiving = wire_.receive(scratch);
        const std::ptrdiff_t received = co_await receiving;
        if (received <= 0) break;
        lingered += static_cast<std::uint64_t>(received);
    }
    wire_.disarm();
}

} // namespace berth::http
