#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "identity/caller.hpp"
#include "identity/key_ring.hpp"
#include "tenant/world.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace berth::identity {

/// A token and when it ends.
struct IssuedToken {
    std::string token;
    Timestamp expires_at{};
    std::chrono::seconds lifetime{};
};

/// The registry's own tokens (`acr-data-plane` section 1.5): issuer `Azure Container Registry`, audience the login
/// server, bound to the registry by `rid` and to the caller by object id. Verified tokens are remembered, keyed by
/// hash, so that the signature is checked once. Thread-safe.
class RegistryTokens {
public:
    RegistryTokens(const KeyRing& keys, const Clock& clock);
    ~RegistryTokens();

    /// For a principal or admin user: three hours. Holds across switches of the registry's mode, so that nobody has to log
    /// in again.
    Result<IssuedToken> issue_refresh(const tenant::World& world, const tenant::Registry& registry, const Caller& caller);
    /// One hour (anonymous: five minutes), until the registry's mode is switched. `asked` narrows what it may be used for;
    /// `granted` is what clients read in `access` and decides nothing. For a minute the same words get the same token, whose
    /// remaining lifetime is told: signing takes longer than all else that a request for a token needs.
    Result<IssuedToken> issue_access(const tenant::World& world, const tenant::Registry& registry, const Caller& caller,
                                     const std::vector<TokenScope>& asked, const std::vector<TokenScope>& granted);

    /// The caller a refresh token stands for. `invalid_credentials` with a message that says what is wrong: signature,
    /// expiry, audience, another registry, a principal that is gone or disabled, a missing claim.
    Result<Caller> verify_refresh(const tenant::World& world, const tenant::Registry& registry, std::string_view token);
    /// The same for an access token; the caller comes narrowed. One from before a switch of the registry's mode is
    /// refused, so that its client asks for a new one.
    Result<Caller> verify_access(const tenant::World& world, const tenant::Registry& registry, std::string_view token);
    /// One of either kind, as what clients put into the place of a password.
    Result<Caller> verify_either(const tenant::World& world, const tenant::Registry& registry, std::string_view token);

private:
    struct Memory;
    const KeyRing& keys_;
    const Clock& clock_;
    std::unique_ptr<Memory> memory_;
};

} // namespace berth::identity
