#pragma once

#include "gateway/route.hpp"
#include "gateway/services.hpp"

#include <vector>

namespace berth::sign_in {

/// The token endpoints: `/{tenant}/oauth2/v2.0/token`, `/{tenant}/oauth2/token`, `/adfs/oauth2/token`.
std::vector<gateway::Route> token_routes(const gateway::Services& services);

/// OpenID metadata and key sets of the same authorities, and the keys of registry tokens at
/// `/berth/v1/registry-keys`.
std::vector<gateway::Route> metadata_routes(const gateway::Services& services);

/// The page where people sign in, for clients that send a browser: `/{tenant}/oauth2/v2.0/authorize` and its forms.
std::vector<gateway::Route> authorize_routes(const gateway::Services& services);

/// Signing in of a client without a browser: its code, and `/devicelogin`, where a person enters it.
std::vector<gateway::Route> device_routes(const gateway::Services& services);

/// The way to an outside OpenID provider and back.
std::vector<gateway::Route> provider_routes(const gateway::Services& services);

/// The end of a browser's session, and what az asks before it sends a password.
std::vector<gateway::Route> sign_out_routes(const gateway::Services& services);

/// Tokens of managed identities where they are used (`IDENTITY_ENDPOINT`, `MSI_ENDPOINT`): `/msi/token`, and
/// `/metadata/identity/oauth2/token`. The secret in the header says whose.
std::vector<gateway::Route> managed_identity_routes(const gateway::Services& services);

} // namespace berth::sign_in
