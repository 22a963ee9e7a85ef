#include "http/server/wire.hpp"

#include <openssl/err.h>

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

namespace berth::http {
namespace {

constexpr std::uint8_t most_turns = 32;
constexpr std::ptrdiff_t not_yet = -2;

int clamp_to_int(std::size_t size) noexcept { return static_cast<int>(std::min<std::size_t>(size, INT_MAX)); }

} // namespace

std::span<char> ReceiveBuffer::room(std::size_t most) {
    if (begin_ == end_) begin_ = end_ = 0;
    const std::size_t size = end_ - begin_;
    if (size >= most) return {};
    if (end_ == capacity_)
        move_to(size == capacity_ ? std::clamp(2 * capacity_, usual_size, std::max(most, usual_size)) : capacity_);
    return {data_.get() + end_, std::min(capacity_ - end_, most - size)};
}

void ReceiveBuffer::shrink() noexcept {
    if (!empty() || capacity_ <= usual_size) return;
    data_.reset();
    capacity_ = begin_ = end_ = 0;
}

void ReceiveBuffer::move_to(std::size_t capacity) {
    const std::string_view bytes = view();
    if (capacity == capacity_) {
        std::ranges::copy(bytes, data_.get()); // towards the front
    } else {
        auto data = std::make_unique_for_overwrite<char[]>(capacity);
        std::ranges::copy(bytes, data.get());
        data_ = std::move(data);
        capacity_ = capacity;
    }
    end_ = bytes.size();
    begin_ = 0;
}

Wire::Wire(asio::io_context& loop, Counters& counters, FileDescriptor socket, TlsContexts* tls)
    : counters_(counters), socket_(loop.get_executor()), descriptor_(socket.get()) {
    error_code error;
    socket_.assign(asio::ip::tcp::v6(), descriptor_, error); // the family matters to nothing that is done here
    if (error) return;                                       // `socket` closes it
    static_cast<void>(socket.release());
    socket_.native_non_blocking(true, error);
    if (tls != nullptr) {
        tls_ = tls->accept(descriptor_);
        if (!tls_) return;
    }
    ok_ = true;
}

Wire::~Wire() {
    if (tls_ && SSL_is_init_finished(tls_.get()) != 0 && ok_) {
        ERR_clear_error();
        SSL_shutdown(tls_.get()); // says goodbye if there is room for it, and waits for nothing
        ERR_clear_error();
    }
}

void Wire::cancel() noexcept {
    error_code ignored;
    socket_.cancel(ignored);
}

void Wire::abort() noexcept {
    ok_ = false;
    error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
    cancel();
}

void Wire::check_deadline(std::int64_t now) noexcept {
    int unsent = 0;
    if (sending_timeout_ > 0 && ::ioctl(descriptor_, SIOCOUTQ, &unsent) == 0) {
        if (unsent < unsent_) deadline_ = now + sending_timeout_ + 1;
        unsent_ = unsent;
    }
    if (now < deadline_) return;
    expired_ = true;
    cancel();
}

bool Wire::take_turn() noexcept {
    if (++turns_ < most_turns) return true;
    turns_ = 0;
    return false;
}

// Receiving

bool Wire::Receive::await_ready() noexcept {
    if (!wire_.tls_) return false; // Asio tries at once by itself
    result_ = wire_.tls_read(first());
    return result_ != not_yet && wire_.take_turn();
}

void Wire::Receive::await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    if (!wire_.tls_) {
        const auto received = [this](error_code error, std::size_t bytes) {
            result_ = !error ? static_cast<std::ptrdiff_t>(bytes) : error == asio::error::eof ? 0 : -1;
            wire_.counters_.bytes_received.add(bytes);
            waiter_.resume();
        };
        if (buffers_[1].size() == 0) {
            wire_.socket_.async_read_some(buffers_[0], received);
        } else {
            wire_.socket_.async_read_some(buffers_, received);
        }
        return;
    }
    if (result_ != not_yet) {
        asio::post(wire_.socket_.get_executor(), [waiter] { waiter.resume(); });
        return;
    }
    wait_for_tls();
}

void Wire::Receive::wait_for_tls() {
    const auto event = wire_.tls_needs_ == TlsNeeds::to_write ? Socket::wait_write : Socket::wait_read;
    wire_.socket_.async_wait(event, [this](error_code error) {
        result_ = error ? -1 : wire_.tls_read(first());
        if (result_ == not_yet) {
            wait_for_tls();
        } else {
            waiter_.resume();
        }
    });
}

std::ptrdiff_t Wire::tls_read(std::span<char> out) noexcept {
    ERR_clear_error();
    const int got = SSL_read(tls_.get(), out.data(), clamp_to_int(out.size()));
    if (got > 0) {
        counters_.bytes_received.add(static_cast<std::uint64_t>(got));
        return got;
    }
    switch (SSL_get_error(tls_.get(), got)) {
    case SSL_ERROR_WANT_READ: tls_needs_ = TlsNeeds::to_read; return not_yet;
    case SSL_ERROR_WANT_WRITE: tls_needs_ = TlsNeeds::to_write; return not_yet;
    case SSL_ERROR_ZERO_RETURN: return 0;
    default: return -1;
    }
}

// The handshake

void Wire::Handshake::await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    asio::post(wire_.socket_.get_executor(), [this] { go_on(); });
}

void Wire::Handshake::go_on() {
    result_ = wire_.tls_handshake();
    if (result_ != not_yet) {
        waiter_.resume();
        return;
    }
    const auto event = wire_.tls_needs_ == TlsNeeds::to_write ? Socket::wait_write : Socket::wait_read;
    wire_.socket_.async_wait(event, [this](error_code error) {
        if (!error) return go_on();
        result_ = 0;
        waiter_.resume();
    });
}

int Wire::tls_handshake() noexcept {
    ERR_clear_error();
    const int done = SSL_do_handshake(tls_.get());
    if (done == 1) return 1;
    switch (SSL_get_error(tls_.get(), done)) {
    case SSL_ERROR_WANT_READ: tls_needs_ = TlsNeeds::to_read; return static_cast<int>(not_yet);
    case SSL_ERROR_WANT_WRITE: tls_needs_ = TlsNeeds::to_write; return static_cast<int>(not_yet);
    default: ok_ = false; return 0;
    }
}

// Sending

void Wire::Writable::await_suspend(std::coroutine_handle<> waiter) {
    const bool to_read = wire_.tls_ && wire_.tls_needs_ == TlsNeeds::to_read;
    wire_.socket_.async_wait(to_read ? Socket::wait_read : Socket::wait_write, [this, waiter](error_code error) {
        ok_ = !error;
        waiter.resume();
    });
}

void Wire::Yield::await_suspend(std::coroutine_handle<> waiter) {
    asio::post(wire_.socket_.get_executor(), [waiter] { waiter.resume(); });
}

Sent Wire::send(std::string_view first, std::string_view second, bool more) noexcept {
    Sent sent;
    if (tls_) {
        if (tls_write(first, sent) == first.size()) tls_write(second, sent);
    } else {
        const int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0);
        ssize_t count = 0;
        do {
            if (second.empty()) {
                count = ::send(descriptor_, first.data(), first.size(), flags);
            } else {
                // NOLINTNEXTLINE: sendmsg reads only
                std::array<iovec, 2> parts{iovec{const_cast<char*>(first.data()), first.size()},
                                           iovec{const_cast<char*>(second.data()), second.size()}}; // NOLINT
                msghdr message{};
                message.msg_iov = parts.data();
                message.msg_iovlen = parts.size();
                count = ::sendmsg(descriptor_, &message, flags);
            }
        } while (count < 0 && errno == EINTR);
        if (count >= 0) {
            sent.bytes = static_cast<std::size_t>(count);
        } else {
            sent.failed = errno != EAGAIN && errno != EWOULDBLOCK;
        }
    }
    counters_.bytes_sent.add(sent.bytes);
    if (sent.failed) ok_ = false;
    return sent;
}

std::size_t Wire::tls_write(std::string_view text, Sent& sent) noexcept {
    std::size_t done = 0;
    while (done < text.size()) {
        ERR_clear_error();
        const int count = SSL_write(tls_.get(), text.data() + done, clamp_to_int(text.size() - done));
        if (count > 0) {
            done += static_cast<std::size_t>(count);
            continue;
        }
        switch (SSL_get_error(tls_.get(), count)) {
        case SSL_ERROR_WANT_WRITE: tls_needs_ = TlsNeeds::to_write; break;
        case SSL_ERROR_WANT_READ: tls_needs_ = TlsNeeds::to_read; break;
        default: sent.failed = true; break;
        }
        break;
    }
    sent.bytes += done;
    return done;
}

Sent Wire::send_file(int file, std::uint64_t offset, std::size_t length) noexcept {
    Sent sent;
    auto position = static_cast<off_t>(offset);
    ssize_t count = 0;
    do {
        count = ::sendfile(descriptor_, file, &position, length);
    } while (count < 0 && errno == EINTR);
    if (count > 0) {
        sent.bytes = static_cast<std::size_t>(count);
        counters_.bytes_sent.add(sent.bytes);
    } else {
        sent.failed = count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
        if (sent.failed) ok_ = false;
    }
    return sent;
}

void Wire::send_whole_segments(bool on) noexcept {
    const int value = on ? 1 : 0;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_CORK, &value, sizeof(value)); // without it, a few more segments
}

void Wire::finish_sending() noexcept {
    if (tls_) {
        ERR_clear_error();
        SSL_shutdown(tls_.get());
        ERR_clear_error();
    }
    error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

} // namespace berth::http
