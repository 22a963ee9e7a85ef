#pragma once

#include "base/file_descriptor.hpp"
#include "http/ip_address.hpp"
#include "http/server/asio.hpp"

#include <functional>
#include <memory>

namespace berth::http {

/// Takes connections from one listening socket. Lives on the thread of one event loop. When the process or the system
/// has no descriptors left it pauses; those who wait are taken when there are some again.
class Acceptor final : public std::enable_shared_from_this<Acceptor> {
public:
    using Deal = std::function<void(FileDescriptor socket, IpAddress peer)>;

    Acceptor(asio::io_context& loop, FileDescriptor socket, Deal deal);
    void start();
    /// Closes the socket.
    void close() noexcept;

private:
    void wait();
    void accept_some();
    void pause();

    Descriptor descriptor_;
    Timer timer_;
    Deal deal_;
};

} // namespace berth::http
