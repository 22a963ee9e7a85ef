#include "http/server/acceptor.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <chrono>

namespace berth::http {
namespace {

using namespace std::chrono_literals;

constexpr int most_at_once = 64; // then others have the loop
constexpr auto pause_time = 50ms;

} // namespace

Acceptor::Acceptor(asio::io_context& loop, FileDescriptor socket, Deal deal)
    : descriptor_(loop.get_executor(), socket.release()), timer_(loop.get_executor()), deal_(std::move(deal)) {}

void Acceptor::start() { wait(); }

void Acceptor::close() noexcept {
    error_code ignored;
    descriptor_.close(ignored);
    timer_.cancel();
}

void Acceptor::wait() {
    if (!descriptor_.is_open()) return;
    descriptor_.async_wait(Descriptor::wait_read, [self = shared_from_this()](error_code error) {
        if (!error) self->accept_some();
    });
}

void Acceptor::accept_some() {
    for (int count = 0; count < most_at_once && descriptor_.is_open(); ++count) {
        sockaddr_storage address{};
        socklen_t size = sizeof(address);
        // NOLINTNEXTLINE: the cast is how the socket interface is made
        FileDescriptor socket(
            ::accept4(descriptor_.native_handle(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!socket) {
            switch (errno) {
            case EMFILE:
            case ENFILE:
            case ENOBUFS:
            case ENOMEM: pause(); return;
            case EAGAIN: wait(); return;
            default: continue; // a connection that broke before it was taken
            }
        }
        if (const auto peer = IpAddress::from(address)) deal_(std::move(socket), *peer);
    }
    wait();
}

void Acceptor::pause() {
    timer_.expires_after(pause_time);
    timer_.async_wait([self = shared_from_this()](error_code error) {
        if (!error) self->wait();
    });
}

} // namespace berth::http
