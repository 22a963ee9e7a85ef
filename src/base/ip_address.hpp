#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct sockaddr_storage;

namespace berth {

/// An IPv4 or IPv6 address. An IPv4 address mapped into IPv6 (`::ffff:192.0.2.1`) is the same as the plain one.
class IpAddress {
public:
    /// Dotted or colon form (RFC 4291 section 2.2), without brackets, port or zone.
    static std::optional<IpAddress> parse(std::string_view text);
    /// Of a socket address; nullopt for families other than IPv4 and IPv6.
    static std::optional<IpAddress> from(const sockaddr_storage& address) noexcept;

    bool is_v4() const noexcept;
    bool is_loopback() const noexcept;
    std::string to_string() const;
    /// As IPv6, network byte order.
    const std::array<std::uint8_t, 16>& bytes() const noexcept { return bytes_; }

    bool operator==(const IpAddress&) const = default;

private:
    std::array<std::uint8_t, 16> bytes_{};
};

/// A block of addresses: `10.0.0.0/8`, `fd00::/8`, or a single address.
class IpNetwork {
public:
    /// nullopt for anything but an address with an optional prefix length.
    static std::optional<IpNetwork> parse(std::string_view text);
    bool contains(const IpAddress& address) const noexcept;
    bool operator==(const IpNetwork&) const = default;

private:
    IpNetwork(IpAddress base, unsigned bits) noexcept : base_(base), bits_(bits) {}
    IpAddress base_;
    unsigned bits_; // of the 128
};

} // namespace berth
