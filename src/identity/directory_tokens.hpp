#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "identity/caller.hpp"
#include "identity/key_ring.hpp"
#include "identity/registry_tokens.hpp"
#include "tenant/world.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace berth::identity {

/// Which service a directory token is for.
enum class Audience : std::uint8_t {
    resource_manager, ///< https://management.azure.com, https://management.core.windows.net, berth's own address
    graph,            ///< https://graph.microsoft.com, berth's own address
    registry,         ///< https://containerregistry.azure.net, at /oauth2/exchange; ARM's too while the registry allows it
};

/// What `/oauth2/exchange` of the registry accepts: its own audience, and ARM's while the registry allows it.
std::span<const Audience> exchange_audiences(const tenant::Registry& registry) noexcept;

/// The client through which a person asks for a token, and what their token says of it.
struct ClientOfPerson {
    std::string client_id;
    bool confidential = false; ///< it proved itself
    std::string permissions;   ///< `scp`
    std::string nonce{};       ///< of an id token; empty: none was sent
};

/// Entra-shaped access tokens, RS256. Verified tokens are remembered, keyed by hash. Thread-safe.
class DirectoryTokens {
public:
    DirectoryTokens(const KeyRing& keys, const Clock& clock);
    ~DirectoryTokens();

    /// Under which addresses a registry is reached, by its login server.
    using RegistryAddresses = std::function<std::vector<std::string>(std::string_view login_server)>;
    /// The audiences that count as berth's own address: its base addresses, those of its registries' external URLs, and
    /// those of the registries that a world has, made after the start or before. Set at start and when it listens.
    void set_own_addresses(std::vector<std::string> base_addresses, RegistryAddresses of_registry = {});
    /// Whether this is one of them, with or without trailing slash, without regard to case.
    bool is_own_address(const tenant::World& world, std::string_view base_address) const;

    /// A token of one hour for `principal`: `aud` is `resource` as it was asked for; claims as Entra's v1 tokens have
    /// (aud, iss, iat, nbf, exp, appid, appidacr, idp, idtyp, oid, sub, tid, ver, ...). `secret` is the one that the
    /// principal proved itself with (`Caller::secret`). With groups of an outside issuer it ends when these do.
    Result<IssuedToken> issue(const tenant::World& world, const tenant::Principal& principal, std::string_view resource,
                              std::string_view issuer, std::string_view secret = {}, const OutsideGroups& groups = {});
    /// The same for a person who is there by a client: `appid` is the client's, `scp` what it may do in their name.
    Result<IssuedToken> issue_for_person(const tenant::World& world, const tenant::Principal& person,
                                         const ClientOfPerson& client, std::string_view resource, std::string_view issuer,
                                         std::string_view secret, const OutsideGroups& groups = {});
    /// An id token (OpenID Connect Core 1.0, section 2) for the client, with the claims that Entra's v2.0 has. It opens
    /// nothing.
    Result<std::string> issue_id_token(const tenant::World& world, const tenant::Principal& person,
                                       const ClientOfPerson& client, std::string_view issuer) const;
    /// Whether berth issues tokens for that resource at all (any known audience, with or without trailing slash).
    bool knows_resource(const tenant::World& world, std::string_view resource) const;

    /// The caller, or `invalid_credentials`; `Error::protocol_code` is ARM's code: `InvalidAuthenticationToken`,
    /// `InvalidAuthenticationTokenAudience` or `ExpiredAuthenticationToken`.
    Result<Caller> verify(const tenant::World& world, std::span<const Audience> accepted, std::string_view token) const;

private:
    struct Memory;
    Result<IssuedToken> issue(const tenant::World& world, const tenant::Principal& principal, const ClientOfPerson* client,
                              std::string_view resource, std::string_view issuer, std::string_view secret,
                              const OutsideGroups& groups);
    const KeyRing& keys_;
    const Clock& clock_;
    std::unique_ptr<Memory> memory_;
};

} // namespace berth::identity
