#include "outbound/allowed_destinations.hpp"

#include "base/encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace berth::outbound {
namespace {

// IANA IPv4 and IPv6 Special-Purpose Address Registries: what is not globally reachable, and multicast. IPv6 outside of
// 2000::/3 is not assigned for global unicast at all.
constexpr std::array<std::string_view, 17> special_v4{
    "0.0.0.0/8",      "10.0.0.0/8",      "100.64.0.0/10",   "127.0.0.0/8",     "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24",   "192.0.2.0/24",    "192.88.99.0/24",  "192.168.0.0/16",  "198.18.0.0/15",  "198.51.100.0/24",
    "203.0.113.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.175.48.0/24", "224.0.0.0/3"};
constexpr std::array<std::string_view, 4> special_v6{"2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20"};

std::vector<IpNetwork> networks(std::span<const std::string_view> texts) {
    std::vector<IpNetwork> out;
    for (const std::string_view text : texts) out.push_back(*IpNetwork::parse(text));
    return out;
}

bool is_in(std::span<const IpNetwork> blocks, const IpAddress& address) noexcept {
    return std::ranges::any_of(blocks, [&](const IpNetwork& block) { return block.contains(address); });
}

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
    return port;
}

bool is_host_name(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 253 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    });
}

// An IPv4 address as it stands in the middle of an IPv6 one.
IpAddress embedded_v4(const IpAddress& address, std::size_t offset) {
    const auto& bytes = address.bytes();
    return *IpAddress::parse(
        fmt::format("{}.{}.{}.{}", bytes[offset], bytes[offset + 1], bytes[offset + 2], bytes[offset + 3]));
}

} // namespace

bool is_public(const IpAddress& address) noexcept {
    static const std::vector<IpNetwork> v4 = networks(special_v4);
    static const std::vector<IpNetwork> v6 = networks(special_v6);
    static const IpNetwork global = *IpNetwork::parse("2000::/3");
    static const IpNetwork six_to_four = *IpNetwork::parse("2002::/16");
    static const IpNetwork nat64 = *IpNetwork::parse("64:ff9b::/96");
    if (address.is_v4()) return !is_in(v4, address);
    if (nat64.contains(address)) return !is_in(v4, embedded_v4(address, 12));
    if (!global.contains(address) || is_in(v6, address)) return false;
    return !six_to_four.contains(address) || !is_in(v4, embedded_v4(address, 2));
}

bool AllowedDestinations::Entry::names(std::string_view name, std::uint16_t at) const noexcept {
    if (host.empty() || (port && *port != at)) return false;
    return host.front() == '.' ? name.size() > host.size() && name.ends_with(host) : name == host;
}

Result<AllowedDestinations::Entry> AllowedDestinations::parse_entry(std::string_view text) {
    constexpr std::string_view plain = "http://";
    const auto invalid = [&] {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("'{}' names nothing that berth could connect to: write a host, host:port, an address, a "
                                   "block of addresses such as 10.0.0.0/8 or *.domain, with 'http://' before it where plain "
                                   "HTTP is meant.",
                                   text));
    };
    Entry out;
    std::string rest = to_lower(text);
    if (rest.starts_with(plain)) {
        out.plain_http = true;
        rest.erase(0, plain.size());
    }
    if (auto network = IpNetwork::parse(rest)) {
        // A single address is also the name of a host: URLs may name it so.
        if (!rest.contains('/')) out.host = IpAddress::parse(rest)->to_string();
        out.network = network;
        return out;
    }
    std::string_view host = rest;
    const bool bracketed = host.starts_with('[');
    const std::size_t colon = bracketed ? host.find("]:") : host.find(':');
    if (colon != std::string_view::npos) {
        out.port = parse_port(host.substr(colon + (bracketed ? 2 : 1)));
        if (!out.port) return invalid();
        host = host.substr(0, colon + (bracketed ? 1 : 0));
    }
    if (bracketed) {
        if (!host.ends_with(']')) return invalid();
        host = host.substr(1, host.size() - 2);
    }
    if (const auto address = IpAddress::parse(host)) {
        out.host = address->to_string();
        return out;
    }
    if (bracketed) return invalid();
    if (host.starts_with("*.")) host.remove_prefix(1);
    if (!is_host_name(host.starts_with('.') ? host.substr(1) : host)) return invalid();
    out.host = host;
    return out;
}

Result<AllowedDestinations> AllowedDestinations::parse(std::span<const std::string> entries) {
    AllowedDestinations out;
    for (const std::string& text : entries) {
        auto entry = parse_entry(text);
        if (!entry) return failure(std::move(entry));
        out.entries_.push_back(std::move(*entry));
    }
    return out;
}

bool AllowedDestinations::allows(std::string_view host, std::uint16_t port, const IpAddress& address) const noexcept {
    if (is_public(address)) return true;
    return std::ranges::any_of(entries_, [&](const Entry& entry) {
        return entry.names(host, port) || (entry.network && entry.network->contains(address));
    });
}

bool AllowedDestinations::allows_plain_http(std::string_view host, std::uint16_t port) const noexcept {
    const auto address = IpAddress::parse(host);
    return std::ranges::any_of(entries_, [&](const Entry& entry) {
        return entry.plain_http && (entry.names(host, port) || (entry.network && address && entry.network->contains(*address)));
    });
}

} // namespace berth::outbound
