#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string_view>

namespace berth::sign_in {

/// An error as Entra words it: `AADSTS<number>: <message>`, with the OAuth error (RFC 6749 section 5.2) as `protocol_code`
/// and the number as `detail`. azure-rbac-and-arm section 5.3.
std::unexpected<Error> entra_failure(ErrorCode code, std::string_view oauth_error, std::int64_t number,
                                     std::string_view message);

/// `invalid_request` in that form.
std::unexpected<Error> invalid_request(std::int64_t number, std::string_view message);
/// `invalid_grant` in that form: a code, a token or a password that does not hold.
std::unexpected<Error> invalid_grant(std::int64_t number, std::string_view message);

} // namespace berth::sign_in
