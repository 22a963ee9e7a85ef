#pragma once

#include "base/file_descriptor.hpp"
#include "http/server/asio.hpp"
#include "http/server/counters.hpp"
#include "http/server/tls.hpp"

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace berth::http {

/// Bytes that arrived and were not used yet, in one piece of memory.
class ReceiveBuffer {
public:
    std::string_view view() const noexcept { return {data_.get() + begin_, end_ - begin_}; }
    bool empty() const noexcept { return begin_ == end_; }
    void consume(std::size_t count) noexcept { begin_ += count; }
    /// Room behind the bytes for more; at least one byte, unless `most` bytes are here already.
    std::span<char> room(std::size_t most);
    void added(std::size_t count) noexcept { end_ += count; }
    /// Gives memory back that only a large head needed.
    void shrink() noexcept;

private:
    static constexpr std::size_t usual_size = 4096;
    void move_to(std::size_t capacity);

    std::unique_ptr<char[]> data_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

/// What came of a try to send at once.
struct Sent {
    std::size_t bytes = 0;
    bool failed = false; ///< the peer is gone; fewer bytes without this mean that the socket is full
};

/// One connected socket, plain or with TLS, with what was received ahead and a deadline. Belongs to the thread of its
/// event loop. Reads and waits are awaited, one of each at a time; sending is tried at once.
class Wire {
public:
    Wire(asio::io_context& loop, Counters& counters, FileDescriptor socket, TlsContexts* tls);
    ~Wire();
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    ReceiveBuffer buffer;

    bool ok() const noexcept { return ok_; }
    bool secure() const noexcept { return tls_ != nullptr; }

    /// `co_await` gives the bytes received into `first`, then `second` (TLS fills only `first`): above 0, or 0 at the
    /// end of the stream, or -1 when the connection broke or `cancel` ended the wait.
    class Receive;
    Receive receive(std::span<char> first, std::span<char> second = {}) noexcept;
    /// `co_await` gives whether the socket may be sent to again.
    class Writable;
    Writable writable() noexcept;
    /// `co_await` gives whether the TLS handshake went well; at once on a plain socket.
    class Handshake;
    Handshake handshake() noexcept;
    /// `co_await` lets others have the loop.
    class Yield;
    Yield yield() noexcept;

    /// Sends `first` and `second` as far as the socket takes them. `more`: something follows at once.
    Sent send(std::string_view first, std::string_view second = {}, bool more = false) noexcept;
    /// Sends a part of a file without copying it through this process; plain sockets only. 0 bytes without failure:
    /// the socket is full. A file that ends early is a failure.
    Sent send_file(int file, std::uint64_t offset, std::size_t length) noexcept;
    /// On: what does not fill a segment waits for more, at most 200 ms (TCP_CORK). Off: it leaves.
    void send_whole_segments(bool on) noexcept;
    /// Says that nothing more will be sent.
    void finish_sending() noexcept;

    /// Ends what is being awaited, and what will be until `deadline_passed` is cleared by `disarm` or `arm`.
    void cancel() noexcept;
    /// Breaks the connection for good.
    void abort() noexcept;

    /// From now on a wait may last until `now` passes `at` (seconds of the event loop's clock).
    void arm(std::int64_t at) noexcept {
        deadline_ = at;
        expired_ = false;
    }
    /// From `now` on a wait to send may last while the peer takes something every `timeout` seconds. The system says that
    /// a socket is writable only when a third of its buffer is free, which takes a slow peer minutes.
    void arm_sending(std::int64_t now, std::int64_t timeout) noexcept {
        arm(now + timeout + 1);
        sending_timeout_ = timeout;
        unsent_ = -1;
    }
    void disarm() noexcept {
        deadline_ = never;
        sending_timeout_ = 0;
    }
    /// Called once a second by the event loop.
    void check_deadline(std::int64_t now) noexcept;
    bool expired() const noexcept { return expired_; }

private:
    static constexpr std::int64_t never = INT64_MAX;
    enum class TlsNeeds : std::uint8_t { nothing, to_read, to_write };

    std::ptrdiff_t tls_read(std::span<char> out) noexcept; // as `receive`; -2: look at `tls_needs_`
    int tls_handshake() noexcept;                          // 1, 0: failed, -2: as above
    std::size_t tls_write(std::string_view text, Sent& sent) noexcept;
    bool take_turn() noexcept;

    Counters& counters_;
    Socket socket_;
    int descriptor_ = -1;
    SslPointer tls_;
    TlsNeeds tls_needs_ = TlsNeeds::nothing;
    bool ok_ = false;
    bool expired_ = false;
    std::uint8_t turns_ = 0; // reads that were ready at once since the loop last ran others
    std::int64_t deadline_ = never;
    std::int64_t sending_timeout_ = 0; // above 0 while waiting to send
    int unsent_ = -1;                  // bytes in the socket's buffer when last looked at
};

class Wire::Receive {
public:
    Receive(Wire& wire, std::span<char> first, std::span<char> second) noexcept
        : wire_(wire), buffers_{asio::buffer(first.data(), first.size()), asio::buffer(second.data(), second.size())} {}
    bool await_ready() noexcept;
    void await_suspend(std::coroutine_handle<> waiter);
    std::ptrdiff_t await_resume() const noexcept { return result_; }

private:
    void wait_for_tls();
    std::span<char> first() const noexcept { return {static_cast<char*>(buffers_[0].data()), buffers_[0].size()}; }

    Wire& wire_;
    std::array<asio::mutable_buffer, 2> buffers_;
    std::coroutine_handle<> waiter_;
    std::ptrdiff_t result_ = -2;
};

class Wire::Writable {
public:
    explicit Writable(Wire& wire) noexcept : wire_(wire) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter);
    bool await_resume() const noexcept { return ok_; }

private:
    Wire& wire_;
    bool ok_ = false;
};

class Wire::Handshake {
public:
    explicit Handshake(Wire& wire) noexcept : wire_(wire) {}
    bool await_ready() const noexcept { return !wire_.secure(); }
    void await_suspend(std::coroutine_handle<> waiter);
    bool await_resume() const noexcept { return result_ == 1; }

private:
    void go_on();

    Wire& wire_;
    std::coroutine_handle<> waiter_;
    int result_ = 1;
};

class Wire::Yield {
public:
    explicit Yield(Wire& wire) noexcept : wire_(wire) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter);
    void await_resume() const noexcept {}

private:
    Wire& wire_;
};

inline Wire::Receive Wire::receive(std::span<char> first, std::span<char> second) noexcept {
    return Receive(*this, first, second);
}
inline Wire::Writable Wire::writable() noexcept { return Writable(*this); }
inline Wire::Handshake Wire::handshake() noexcept { return Handshake(*this); }
inline Wire::Yield Wire::yield() noexcept { return Yield(*this); }

} // namespace berth::http
