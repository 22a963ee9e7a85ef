#include "app/addresses.hpp"

#include "base/encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace berth::app {
namespace {

constexpr std::uint16_t https_default = 443;
constexpr std::uint16_t http_default = 80;
constexpr std::size_t longest_domain = 190; // leaves room for a registry's name in the 253 of a host name

bool is_label(std::string_view label) {
    const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    return !label.empty() && label.size() <= 63 && !label.starts_with('-') && !label.ends_with('-') &&
           std::ranges::all_of(label, allowed);
}

bool is_domain_name(std::string_view name) {
    if (name.size() > longest_domain) return false;
    while (true) {
        const std::size_t dot = name.find('.');
        if (!is_label(name.substr(0, dot))) return false;
        if (dot == std::string_view::npos) break;
        name.remove_prefix(dot + 1);
    }
    return !std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; }); // an IPv4 address has no names below
}

std::string reached_at(std::string_view listening) {
    const std::string_view host = host_of(listening);
    if (host == "0.0.0.0") return "127.0.0.1";
    if (host == "[::]") return "[::1]";
    return std::string(host);
}

std::string with_port(std::string_view host, std::uint16_t port) {
    return port == https_default ? std::string(host) : fmt::format("{}:{}", host, port);
}

bool below_localhost(std::string_view domain) { return domain == "localhost" || domain.ends_with(".localhost"); }

} // namespace

Result<Domain> parse_domain(std::string_view text) {
    Domain out{.name = to_lower(text.substr(0, text.find(':')))};
    bool valid = is_domain_name(out.name);
    if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
        const std::string_view port = text.substr(colon + 1);
        const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
        valid = valid && error == std::errc{} && end == port.data() + port.size() && out.port != 0;
    }
    if (valid) return out;
    return failure(ErrorCode::invalid_parameter,
                   fmt::format("--domain '{}' is no domain: write azurecr.localhost, registry.example.com, or "
                               "registry.example.com:443 where clients use another port than the one berth listens at.",
                               text));
}

std::string_view host_of(std::string_view host_and_port) noexcept {
    const std::size_t colon = host_and_port.rfind(':');
    const std::size_t bracket = host_and_port.rfind(']');
    if (colon == std::string_view::npos || (bracket != std::string_view::npos && bracket > colon)) return host_and_port;
    return host_and_port.substr(0, colon);
}

Result<tenant::LoginServerNaming> login_server_naming(const Configuration& configuration, std::uint16_t listening_port) {
    auto domain = parse_domain(configuration.domain);
    if (!domain) return failure(std::move(domain));
    auto external = parse_external_urls(configuration);
    if (!external) return failure(std::move(external));
    return tenant::LoginServerNaming{.domain = std::move(domain->name),
                                     .port = domain->port != 0 ? domain->port : listening_port,
                                     .external_url = std::move(*external)};
}

Addresses::Addresses(const Configuration& configuration, tenant::LoginServerNaming naming, std::uint16_t http_port,
                     std::uint16_t https_port)
    : naming_(std::move(naming)), http_port_(http_port), https_port_(https_port) {
    if (http_port != 0) http_ = fmt::format("http://{}:{}", reached_at(configuration.http), http_port);
    if (https_port != 0) https_ = fmt::format("https://{}:{}", reached_at(configuration.https), https_port);
}

std::string Addresses::for_people(std::string_view first_registry,
                                  const std::function<bool(std::string_view host)>& covers) const {
    const auto external = naming_.external_url.find(to_lower(first_registry));
    if (external != naming_.external_url.end() && external->second.starts_with("https://")) return external->second;
    const bool behind_proxy = naming_.port != https_port_ && naming_.port != http_port_;
    if (https_port_ == 0 && !behind_proxy) return "";
    std::vector<std::string> hosts = {naming_.domain};
    if (below_localhost(naming_.domain)) hosts = {"localhost"};
    if (!first_registry.empty()) hosts.emplace_back(host_of(naming_.login_server(first_registry)));
    auto host = std::ranges::find_if(hosts, covers);
    if (host == hosts.end() || behind_proxy) host = hosts.begin();
    return "https://" + with_port(*host, naming_.port);
}

bool Addresses::is_behind_proxy(std::string_view login_server) const {
    if (naming_.port != https_port_ && naming_.port != http_port_) return true;
    return std::ranges::any_of(naming_.external_url,
                               [&](const auto& one) { return naming_.login_server(one.first) == login_server; });
}

void Addresses::add_host(std::vector<std::string>& out, std::string_view host) const {
    const auto add = [&](std::string_view scheme, std::uint16_t port, std::uint16_t implied) {
        if (port == 0) return;
        out.push_back(fmt::format("{}://{}:{}", scheme, host, port));
        if (port == implied) out.push_back(fmt::format("{}://{}", scheme, host));
    };
    add("http", http_port_, http_default);
    add("https", https_port_, https_default);
    if (naming_.port != https_port_ && naming_.port != http_port_) add("https", naming_.port, https_default);
}

std::vector<std::string> Addresses::own() const {
    std::vector<std::string> out;
    for (const std::string_view host : {"127.0.0.1", "localhost", "[::1]"}) add_host(out, host);
    add_host(out, naming_.domain);
    for (const std::string& base : {http_, https_}) {
        if (!base.empty()) out.push_back(base);
    }
    for (const auto& [name, url] : naming_.external_url) out.push_back(url);
    std::ranges::sort(out);
    const auto repeated = std::ranges::unique(out);
    out.erase(repeated.begin(), repeated.end());
    return out;
}

std::vector<std::string> Addresses::of_registry(std::string_view login_server) const {
    std::vector<std::string> out{fmt::format("https://{}", login_server)};
    add_host(out, host_of(login_server));
    return out;
}

} // namespace berth::app
