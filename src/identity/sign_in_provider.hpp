#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"

#include <string>
#include <string_view>

namespace berth::identity {

/// An outside OpenID provider (Keycloak, Entra ID) to which the sign-in page can hand people over who have their accounts
/// there. It is one of the trusted issuers too: that is where its keys come from.
struct SignInProvider {
    std::string issuer;                           ///< as in its tokens and its metadata
    std::string client_id;                        ///< what berth is called there
    Secret client_secret;                         ///< empty: berth is a public client there
    std::string name = "an organization account"; ///< for people: `Sign in with <name>`

    /// From `issuer=URL,client-id=TEXT[,client-secret-file=PATH][,name=TEXT]`; reads the file. `invalid_parameter` with a
    /// message for people.
    static Result<SignInProvider> parse(std::string_view text);
};

} // namespace berth::identity
