#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "gateway/context.hpp"
#include "gateway/services.hpp"
#include "http/message.hpp"
#include "sign_in/requested_access.hpp"
#include "sign_in/token_request.hpp"

#include <string>

namespace berth::sign_in {

/// Answers a token request of one grant type (RFC 6749 section 4). Failures have Entra's codes and words.
using Grant = Task<Result<http::Response>> (*)(const gateway::Services&, gateway::Context&, const TokenRequest&);

/// RFC 6749 section 4.4: a program for itself.
Task<Result<http::Response>> grant_client_credentials(const gateway::Services& services, gateway::Context& context,
                                                      const TokenRequest& request);

/// RFC 6749 section 4.1.3 with RFC 7636: what the sign-in page gave.
Task<Result<http::Response>> grant_authorization_code(const gateway::Services& services, gateway::Context& context,
                                                      const TokenRequest& request);
/// RFC 8628 section 3.4.
Task<Result<http::Response>> grant_device_code(const gateway::Services& services, gateway::Context& context,
                                               const TokenRequest& request);
/// RFC 6749 section 6; each token holds once.
Task<Result<http::Response>> grant_refresh_token(const gateway::Services& services, gateway::Context& context,
                                                 const TokenRequest& request);
/// RFC 6749 section 4.3: a person's name and password by way of the client.
Task<Result<http::Response>> grant_password(const gateway::Services& services, gateway::Context& context,
                                            const TokenRequest& request);

/// What a code keeps for its grant: what was asked for, and the nonce of the id token.
std::string kept_access(const RequestedAccess& access, std::string_view nonce);

/// `iss` of the tokens of this endpoint, on the address that was asked.
std::string issuer_of(const gateway::Context& context, TokenForm form);

/// Fails in Entra's words when berth gives no tokens for that resource.
Result<void> check_resource(const gateway::Services& services, const gateway::Context& context, std::string_view resource);

/// The answer of a token endpoint: never to be kept by anything between.
http::Response token_response(const boost::json::object& answer);

} // namespace berth::sign_in
