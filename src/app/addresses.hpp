#pragma once

#include "app/configuration.hpp"
#include "base/result.hpp"
#include "tenant/tenancy.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace berth::app {

/// `--domain`: what login servers end in, and the port that clients use where it is not the one berth listens at.
struct Domain {
    std::string name;       ///< lower case
    std::uint16_t port = 0; ///< 0: that of the HTTPS listener
};

/// `azurecr.localhost`, or `registry.example.com:443` behind a proxy or a port forward. `invalid_parameter` for anything
/// but a host name of letters, digits and hyphens, with a port that may be missing.
Result<Domain> parse_domain(std::string_view text);

/// The host of `host`, `host:port` or `[::1]:port`, without brackets removed.
std::string_view host_of(std::string_view host_and_port) noexcept;

/// Under which addresses clients reach this server.
class Addresses {
public:
    /// The ports are those that were bound; 0 where it does not listen. `naming` names the login servers.
    Addresses(const Configuration& configuration, tenant::LoginServerNaming naming, std::uint16_t http_port,
              std::uint16_t https_port);

    /// Base addresses for programs on this machine, with the port; empty where it does not listen. Listening everywhere
    /// (`0.0.0.0`, `[::]`) is reached at the loopback address.
    const std::string& http() const noexcept { return http_; }
    const std::string& https() const noexcept { return https_; }

    /// The base address for ARM, Graph and signing in that people type, https, without a port where it is 443; empty when
    /// there is no HTTPS. The first registry's external URL if it is https; else the domain itself, `localhost` for one
    /// below `localhost`, or the login server: the first of them that `covers` says the certificate is for, or the very first.
    std::string for_people(std::string_view first_registry, const std::function<bool(std::string_view host)>& covers) const;

    /// What login servers end in.
    const std::string& domain() const noexcept { return naming_.domain; }
    /// Whether a name is one that clients know this server by without being a login server: the domain itself.
    bool is_domain(std::string_view host) const noexcept { return host == naming_.domain; }

    /// Whether clients speak to something in front of this server when they call a login server: it has an external URL, or
    /// another port than those bound.
    bool is_behind_proxy(std::string_view login_server) const;

    /// Every address under which a client may mean this server by "its own", but for its registries'; tokens for each of
    /// them are taken.
    std::vector<std::string> own() const;
    /// Those of one registry.
    std::vector<std::string> of_registry(std::string_view login_server) const;

private:
    void add_host(std::vector<std::string>& out, std::string_view host) const;
    tenant::LoginServerNaming naming_;
    std::uint16_t http_port_;
    std::uint16_t https_port_;
    std::string http_;
    std::string https_;
};

/// How login servers are named, by the configuration and the port bound. `invalid_parameter` as `parse_domain` and
/// `parse_external_urls`.
Result<tenant::LoginServerNaming> login_server_naming(const Configuration& configuration, std::uint16_t listening_port);

} // namespace berth::app
