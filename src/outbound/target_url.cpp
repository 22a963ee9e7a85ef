#include "outbound/target_url.hpp"

#include "base/encoding.hpp"
#include "base/ip_address.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace berth::outbound {
namespace {

constexpr std::size_t longest = 8 * 1024;

bool is_host(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 253 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    });
}

} // namespace

Result<TargetUrl> TargetUrl::parse(std::string_view text) {
    const auto invalid = [&] {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("'{}' is not an http or https address that berth can call.", text.substr(0, 200)));
    };
    if (text.size() > longest) return invalid();
    const auto url = boost::urls::parse_uri({text.data(), text.size()});
    if (!url || !url->has_authority() || url->has_userinfo()) return invalid();
    TargetUrl out;
    const std::string scheme = to_lower({url->scheme().data(), url->scheme().size()});
    if (scheme != "https" && scheme != "http") return invalid();
    out.https = scheme == "https";
    const auto encoded = url->encoded_host();
    out.host = to_lower({encoded.data(), encoded.size()});
    if (out.host.starts_with('[') && out.host.ends_with(']')) {
        const auto address = IpAddress::parse(std::string_view(out.host).substr(1, out.host.size() - 2));
        if (!address || address->is_v4()) return invalid();
        out.host = address->to_string();
    } else if (!is_host(out.host)) {
        return invalid();
    }
    out.port = out.https ? 443 : 80;
    if (url->has_port()) {
        const auto text_of_port = url->port();
        const auto [end, error] = std::from_chars(text_of_port.data(), text_of_port.data() + text_of_port.size(), out.port);
        if (error != std::errc{} || end != text_of_port.data() + text_of_port.size() || out.port == 0) return invalid();
    }
    const auto path = url->encoded_path();
    // Boost.URL 1.81 takes `https://host:9more` for port 9 and the path `more`.
    if (!path.empty() && path.front() != '/') return invalid();
    out.target = path.empty() ? "/" : std::string(path.data(), path.size());
    if (url->has_query()) {
        const auto query = url->encoded_query();
        out.target += '?';
        out.target.append(query.data(), query.size());
    }
    return out;
}

std::string TargetUrl::to_string() const {
    const bool bracketed = host.contains(':');
    return fmt::format("{}://{}{}{}:{}{}", https ? "https" : "http", bracketed ? "[" : "", host, bracketed ? "]" : "", port,
                       target);
}

} // namespace berth::outbound
