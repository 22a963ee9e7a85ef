#pragma once

#include "base/file_descriptor.hpp"
#include "http/ip_address.hpp"
#include "http/server/asio.hpp"
#include "http/server/counters.hpp"

#include <functional>
#include <memory>

namespace berth::http {

/// Takes connections from one listening socket. Lives on the thread of one event loop. When the process or the system
/// has few descriptors left it pauses, so that requests of those who are connected can still open files; those who wait are
/// taken when there are enough again.
class Acceptor final : public std::enable_shared_from_this<Acceptor> {
public:
    using Deal = std::function<void(FileDescriptor socket, IpAddress peer)>;

    Acceptor(asio::io_context& loop, Counters& counters, FileDescriptor socket, Deal deal);
    void start();
    /// Closes the socket.
    void close() noexcept;

private:
    void wait();
    void accept_some();
    void pause();
    void look_again();

    Descriptor descriptor_;
    Timer timer_;
    Counters& counters_;
    int most_; // the highest descriptor that a connection may have; descriptors are given out from below
    Deal deal_;
};

} // namespace berth::http
