#pragma once

#include "base/ip_address.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace berth::outbound {

/// Whether the address is one of the public Internet: none of the special-purpose blocks of IANA's registries (RFC 6890 and
/// its updates), such as loopback, link-local, private, shared, multicast and documentation addresses, nor an IPv6 address
/// that carries such an IPv4 address (mapped, 6to4, NAT64).
bool is_public(const IpAddress& address) noexcept;

/// Where berth may connect to. The public Internet by HTTPS, always; anything else only if it was allowed by name. Immutable.
class AllowedDestinations {
public:
    AllowedDestinations() = default;
    /// Each entry is `host`, `host:port`, an address, a block of addresses (`10.0.0.0/8`) or `*.domain` for all hosts below
    /// it; IPv6 addresses with a port stand in brackets. `http://` before it allows plain HTTP there, too. A host that is
    /// named may have any address. `invalid_parameter` for anything else.
    static Result<AllowedDestinations> parse(std::span<const std::string> entries);

    /// Whether a connection to `address`, which the name `host` resolved to, may be made. `host` is in lower case.
    bool allows(std::string_view host, std::uint16_t port, const IpAddress& address) const noexcept;
    /// Whether plain HTTP may be spoken to that name.
    bool allows_plain_http(std::string_view host, std::uint16_t port) const noexcept;

private:
    struct Entry {
        bool plain_http = false;
        std::string host;                 // lower case; `.domain` for all below it; empty: `network` says
        std::optional<IpNetwork> network; // or a block of addresses
        std::optional<std::uint16_t> port;

        bool names(std::string_view host, std::uint16_t port) const noexcept;
    };
    static Result<Entry> parse_entry(std::string_view text);
    std::vector<Entry> entries_;
};

} // namespace berth::outbound
