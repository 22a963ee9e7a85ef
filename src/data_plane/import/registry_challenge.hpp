#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace berth::data_plane {

/// How another registry wants callers to prove themselves (`WWW-Authenticate`, RFC 9110 section 11.6.1; Docker's token
/// authentication).
struct RegistryChallenge {
    enum class Scheme : std::uint8_t { basic, bearer };
    Scheme scheme = Scheme::basic;
    std::string realm;   ///< of Bearer: where tokens are given
    std::string service; ///< may be empty
    std::string scope;   ///< may be empty
};

/// The first challenge of a header's value that berth can answer: Bearer with a realm, or Basic. nullopt if there is none.
std::optional<RegistryChallenge> parse_registry_challenge(std::string_view header);

/// The token of a token server's answer: `access_token` or `token`, printable ASCII without blanks, at most 16 KiB.
/// `invalid_json` or `bad_request`.
Result<Secret> parse_registry_token(std::string_view body);
/// `refresh_token` of the answer of `/oauth2/exchange`, likewise.
Result<Secret> parse_refresh_token(std::string_view body);

} // namespace berth::data_plane
