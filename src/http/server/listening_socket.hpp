#pragma once

#include "base/file_descriptor.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace berth::http {

/// Sockets that listen at one port: one, or two for a loopback address (both families).
struct ListeningSockets {
    std::vector<FileDescriptor> sockets;
    std::uint16_t port = 0;
};

/// Opens what `Listen::address` asks for. The sockets do not block. `conflict` when the port is in use,
/// `invalid_parameter` for an address that is none, `forbidden` when the port needs rights that the process lacks.
Result<ListeningSockets> open_listening_sockets(std::string_view address);

} // namespace berth::http
