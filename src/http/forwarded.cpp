#include "http/forwarded.hpp"

#include "http/host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <strings.h>

namespace berth::http {
namespace {

constexpr std::size_t most_hops = 64;

// One proxy's word: each part as far as it said it.
struct Hop {
    std::optional<IpAddress> address;
    std::optional<std::string> host;
    std::optional<bool> secure;

    bool contradicts(const Hop& other) const {
        return (address && other.address && *address != *other.address) || (host && other.host && *host != *other.host) ||
               (secure && other.secure && *secure != *other.secure);
    }
};

bool same_text(std::string_view left, std::string_view right) noexcept {
    return left.size() == right.size() && ::strncasecmp(left.data(), right.data(), left.size()) == 0;
}

std::string_view trim(std::string_view text) noexcept {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Splits at `separator` outside of quoted strings.
std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> out;
    std::size_t start = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (quoted && text[i] == '\\') {
            ++i;
        } else if (text[i] == '"') {
            quoted = !quoted;
        } else if (!quoted && text[i] == separator) {
            out.push_back(trim(text.substr(start, i - start)));
            start = i + 1;
        }
    }
    out.push_back(trim(text.substr(start)));
    return out;
}

// The elements of all fields of that name, in order (RFC 9110 section 5.3).
std::vector<std::string_view> elements(const Request& request, std::string_view name) {
    std::vector<std::string_view> out;
    for (const auto field : request.headers.all(name)) {
        for (const auto element : split(field, ',')) out.push_back(element);
    }
    return out;
}

std::string_view unquote(std::string_view text) noexcept {
    return text.size() >= 2 && text.starts_with('"') && text.ends_with('"') ? text.substr(1, text.size() - 2) : text;
}

// `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]:80`, `2001:db8::1`; nullopt for `unknown` and hidden names.
std::optional<IpAddress> parse_node(std::string_view text) {
    text = unquote(text);
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        return end == std::string_view::npos ? std::nullopt : IpAddress::parse(text.substr(1, end - 1));
    }
    if (const auto whole = IpAddress::parse(text)) return whole;
    const std::size_t colon = text.find(':');
    return colon == std::string_view::npos ? std::nullopt : IpAddress::parse(text.substr(0, colon));
}

std::optional<bool> parse_proto(std::string_view text) noexcept {
    text = unquote(text);
    if (same_text(text, "https")) return true;
    if (same_text(text, "http")) return false;
    return std::nullopt;
}

std::vector<Hop> read_forwarded(const Request& request) {
    std::vector<Hop> hops;
    for (const auto element : elements(request, "Forwarded")) {
        Hop hop;
        for (const auto pair : split(element, ';')) {
            const std::size_t equals = pair.find('=');
            if (equals == std::string_view::npos) continue;
            const std::string_view name = pair.substr(0, equals);
            const std::string_view value = pair.substr(equals + 1);
            if (same_text(name, "for")) hop.address = parse_node(value);
            if (same_text(name, "proto")) hop.secure = parse_proto(value);
            if (same_text(name, "host")) hop.host = parse_host(unquote(value));
        }
        hops.push_back(std::move(hop));
    }
    return hops;
}

// The three lists need not be equally long: each proxy appends to the first, and most set the others to one value. A
// list that has a value for each hop is read hop by hop; any other counts with its last value.
std::vector<Hop> read_x_forwarded(const Request& request) {
    const auto addresses = elements(request, "X-Forwarded-For");
    const auto protos = elements(request, "X-Forwarded-Proto");
    const auto hosts = elements(request, "X-Forwarded-Host");
    std::vector<Hop> hops(std::max<std::size_t>(addresses.size(), protos.empty() && hosts.empty() ? 0 : 1));
    const auto value_at = [&](const std::vector<std::string_view>& values, std::size_t hop) {
        return values.size() == hops.size() ? values[hop] : values.empty() ? std::string_view{} : values.back();
    };
    for (std::size_t i = 0; i < hops.size(); ++i) {
        if (!addresses.empty()) hops[i].address = parse_node(addresses[i]);
        hops[i].secure = parse_proto(value_at(protos, i));
        hops[i].host = parse_host(value_at(hosts, i));
    }
    return hops;
}

// From the nearest proxy outwards, as long as the word comes from one that is trusted.
std::optional<Hop> client_of(const std::vector<Hop>& hops, const TrustedProxies& proxies) {
    std::optional<Hop> out;
    for (const Hop& hop : hops | std::views::reverse) {
        if (!hop.address && out) break; // said by somebody who is not known
        out = hop;
        if (!hop.address || !proxies.contains(*hop.address)) break;
    }
    return out;
}

} // namespace

Result<TrustedProxies> TrustedProxies::parse(const std::vector<std::string>& blocks) {
    TrustedProxies out;
    for (const std::string& block : blocks) {
        const auto network = IpNetwork::parse(block);
        if (!network) {
            return failure(ErrorCode::invalid_parameter,
                           fmt::format("`{}` is no trusted proxy: write an address or a block like 10.0.0.0/8", block));
        }
        out.networks_.push_back(*network);
    }
    return out;
}

bool TrustedProxies::contains(const IpAddress& address) const noexcept {
    return std::ranges::any_of(networks_, [&](const IpNetwork& network) { return network.contains(address); });
}

std::optional<Refusal> apply_forwarded(Request& request, const IpAddress& peer, const TrustedProxies& proxies) {
    if (!proxies.contains(peer)) return std::nullopt;
    const auto standard = read_forwarded(request);
    const auto usual = read_x_forwarded(request);
    if (standard.size() > most_hops || usual.size() > most_hops) {
        return Refusal{400, "the request was forwarded by too many proxies"};
    }
    const auto one = client_of(standard, proxies);
    const auto other = client_of(usual, proxies);
    if (one && other && one->contradicts(*other)) {
        return Refusal{400, "Forwarded and X-Forwarded-* contradict each other"};
    }
    for (const auto* client : {&other, &one}) {
        if (!*client) continue;
        if ((*client)->address) request.remote_address = (*client)->address->to_string();
        if ((*client)->host) request.host = *(*client)->host;
        if ((*client)->secure) request.secure = *(*client)->secure;
    }
    return std::nullopt;
}

} // namespace berth::http
