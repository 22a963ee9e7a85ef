#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace berth::identity {

/// An outside issuer of tokens that the operator trusts (Entra ID, Keycloak, GitHub Actions, Kubernetes).
struct TrustedIssuer {
    std::string issuer; ///< exactly the tokens' `iss`, an http or https URL
    /// Tokens with one of these in `aud` are taken as they are, at `/oauth2/exchange` and by ARM. None: tokens of this issuer
    /// only prove what a federated credential names.
    std::vector<std::string> audiences;
    std::string subject_claim = "sub"; ///< the claim that names whose token it is
    std::string groups_claim;          ///< the claim that lists the groups of whose token it is; empty: none count
    std::string key_set;               ///< where its keys are (RFC 7517); empty: where its OpenID metadata says

    /// From `issuer=URL[,audience=TEXT]…[,subject-claim=NAME][,groups-claim=NAME][,key-set=URL]`; only `audience` may be there
    /// several times. `invalid_parameter` with a message for people.
    static Result<TrustedIssuer> parse(std::string_view text);
    /// Stands for the issuer and the claim together: what was made of another claim is another source. A word without spaces;
    /// empty where no groups count.
    std::string group_source() const;
    bool operator==(const TrustedIssuer&) const = default;
};

} // namespace berth::identity
