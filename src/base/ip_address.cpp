#include "base/ip_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace berth {
namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned v4_offset_bits = 96;

} // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    if (text.empty() || text.size() >= buffer.size() || text.contains('\0')) return std::nullopt;
    std::ranges::copy(text, buffer.begin());
    IpAddress out;
    if (::inet_pton(AF_INET, buffer.data(), out.bytes_.data() + mapped_prefix.size()) == 1) {
        std::ranges::copy(mapped_prefix, out.bytes_.begin());
        return out;
    }
    if (::inet_pton(AF_INET6, buffer.data(), out.bytes_.data()) == 1) return out;
    return std::nullopt;
}

std::optional<IpAddress> IpAddress::from(const sockaddr_storage& address) noexcept {
    IpAddress out;
    if (address.ss_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &address, sizeof(v4));
        std::ranges::copy(mapped_prefix, out.bytes_.begin());
        std::memcpy(out.bytes_.data() + mapped_prefix.size(), &v4.sin_addr, sizeof(v4.sin_addr));
        return out;
    }
    if (address.ss_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &address, sizeof(v6));
        std::memcpy(out.bytes_.data(), &v6.sin6_addr, sizeof(v6.sin6_addr));
        return out;
    }
    return std::nullopt;
}

bool IpAddress::is_v4() const noexcept { return std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes_.begin()); }

bool IpAddress::is_loopback() const noexcept {
    if (is_v4()) return bytes_[mapped_prefix.size()] == 127;
    return bytes_[15] == 1 && std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto byte) { return byte == 0; });
}

std::string IpAddress::to_string() const {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    if (is_v4()) {
        ::inet_ntop(AF_INET, bytes_.data() + mapped_prefix.size(), buffer.data(), buffer.size());
    } else {
        ::inet_ntop(AF_INET6, bytes_.data(), buffer.data(), buffer.size());
    }
    return buffer.data();
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto base = IpAddress::parse(text.substr(0, slash));
    if (!base) return std::nullopt;
    // A mapped address that was written as IPv6 counts its prefix from the start of all 128 bits.
    const bool dotted = base->is_v4() && !text.contains(':');
    const unsigned width = dotted ? 32 : 128;
    unsigned bits = width;
    if (slash != std::string_view::npos) {
        const std::string_view number = text.substr(slash + 1);
        const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), bits);
        if (number.empty() || error != std::errc{} || end != number.data() + number.size() || bits > width) {
            return std::nullopt;
        }
    }
    return IpNetwork(*base, dotted ? bits + v4_offset_bits : bits);
}

bool IpNetwork::contains(const IpAddress& address) const noexcept {
    const auto& left = base_.bytes();
    const auto& right = address.bytes();
    const std::size_t whole = bits_ / 8;
    if (!std::equal(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(whole), right.begin())) return false;
    const unsigned rest = bits_ % 8;
    return rest == 0 || (left[whole] >> (8 - rest)) == (right[whole] >> (8 - rest));
}

} // namespace berth
