#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "gateway/context.hpp"
#include "gateway/services.hpp"
#include "http/message.hpp"
#include "identity/delegation.hpp"
#include "sign_in/requested_access.hpp"
#include "sign_in/token_request.hpp"

#include <string>
#include <string_view>

namespace berth::sign_in {

/// The person, if they may still sign in: there, enabled, and with the secret that they signed in with. `invalid_grant` in
/// Entra's words else. Valid as long as `world`.
Task<Result<const tenant::Principal*>> living_person(const gateway::Services& services, const tenant::World& world,
                                                     const identity::VerifiedPrincipal& person);

/// The answer of a token endpoint for a person: access token, id token, refresh token (when `with_refresh_token`), the
/// scopes, and who it is in `client_info`. `nonce` is that of the authorization request.
Task<Result<http::Response>> answer_for_person(const gateway::Services& services, gateway::Context& context,
                                               const TokenRequest& request, const identity::Delegation& delegation,
                                               const RequestedAccess& access, std::string_view nonce, bool with_refresh_token);

} // namespace berth::sign_in
