#pragma once

#include "sign_in/client_authentication.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace berth::sign_in {

/// `client_assertion_type` (RFC 7523 section 2.2): the only one there is.
inline constexpr std::string_view jwt_bearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Proves the client of a token request by the assertion in it: one that it signed itself with the key of a certificate that
/// its application has, or a token of a trusted issuer that one of its federated credentials names. Failures have Entra's
/// codes and words.
Task<Result<AuthenticatedClient>> authenticate_by_assertion(const gateway::Services& services, const gateway::Context& context,
                                                            const TokenRequest& request);

/// Everything under which a client may mean this directory's token endpoints as the audience of its assertion (RFC 7523
/// section 3): the endpoint itself in all its forms, and the issuer.
std::vector<std::string> assertion_audiences(std::string_view base_address, std::string_view tenant_id,
                                             std::string_view tenant_name);

} // namespace berth::sign_in
