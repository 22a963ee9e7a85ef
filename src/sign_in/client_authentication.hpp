#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "gateway/context.hpp"
#include "gateway/services.hpp"
#include "identity/outside_groups.hpp"
#include "sign_in/token_request.hpp"
#include "tenant/principal.hpp"

#include <string>

namespace berth::sign_in {

/// A service principal that proved to be who it is.
struct AuthenticatedClient {
    const tenant::Principal* principal; ///< in the context's world
    std::string secret;                 ///< which of its credentials (`identity::Caller::secret`)
    /// What the issuer of its assertion says of its groups.
    identity::OutsideGroups outside_groups{};
};

/// Proves the client of a token request by what the request holds: its secret or its assertion. Unknown clients and wrong
/// proofs are told alike. Failures have Entra's codes and words.
Task<Result<AuthenticatedClient>> authenticate_client(const gateway::Services& services, const gateway::Context& context,
                                                      const TokenRequest& request);

} // namespace berth::sign_in
