#include "http/server/acceptor.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>

namespace berth::http {
namespace {

using namespace std::chrono_literals;

constexpr int most_at_once = 64; // then others have the loop
constexpr auto pause_time = 50ms;
constexpr rlim_t most_kept = 256; // for files of requests

int highest_descriptor() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > INT_MAX) return INT_MAX;
    return static_cast<int>(limit.rlim_cur - std::min(most_kept, limit.rlim_cur / 8));
}

} // namespace

Acceptor::Acceptor(asio::io_context& loop, Counters& counters, FileDescriptor socket, Deal deal)
    : descriptor_(loop.get_executor(), socket.release()), timer_(loop.get_executor()), counters_(counters),
      most_(highest_descriptor()), deal_(std::move(deal)) {}

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
        const bool few_left = socket.get() >= most_;
        if (const auto peer = IpAddress::from(address)) deal_(std::move(socket), *peer);
        if (few_left) {
            pause();
            return;
        }
    }
    wait();
}

void Acceptor::pause() {
    counters_.descriptor_pauses.add(1);
    look_again();
}

// The lowest free descriptor tells how many there are.
void Acceptor::look_again() {
    timer_.expires_after(pause_time);
    timer_.async_wait([self = shared_from_this()](error_code error) {
        if (error || !self->descriptor_.is_open()) return;
        const FileDescriptor lowest(::fcntl(self->descriptor_.native_handle(), F_DUPFD_CLOEXEC, 0));
        if (lowest && lowest.get() < self->most_) return self->wait();
        self->look_again();
    });
}

} // namespace berth::http
