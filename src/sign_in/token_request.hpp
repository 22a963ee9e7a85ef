#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace berth::sign_in {

/// How a token endpoint is asked for what the token is for.
enum class TokenForm : std::uint8_t {
    v1,   ///< `resource=https://management.azure.com/`
    v2,   ///< `scope=https://management.azure.com/.default`
    adfs, ///< either
};

/// A client-credentials request (RFC 6749 section 4.4) as Entra's clients send it.
struct TokenRequest {
    std::string client_id;
    Secret client_secret;
    std::string resource; ///< what the token is for, as it was asked: becomes `aud`

    /// From the form in the body and the `Authorization` header, where Basic may carry the client (RFC 6749 section 2.3.1).
    /// Failures have Entra's codes and words: `protocol_code` is the OAuth error, `detail` holds the AADSTS number.
    static Result<TokenRequest> parse(TokenForm form, std::string_view body, std::optional<std::string_view> authorization);
};

/// An error as Entra words it: `AADSTS<number>: <message>`. azure-rbac-and-arm section 5.3.
std::unexpected<Error> entra_failure(ErrorCode code, std::string_view oauth_error, std::int64_t number,
                                     std::string_view message);

} // namespace berth::sign_in
