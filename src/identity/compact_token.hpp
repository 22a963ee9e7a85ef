#pragma once

#include "base/result.hpp"

#include <boost/json/object.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace berth::identity {

/// Longest token that is looked at, in bytes.
inline constexpr std::size_t longest_token = 32UZ * 1024;

/// A compact JWS (RFC 7515 section 3.1) taken apart, nothing of it believed yet.
struct CompactToken {
    std::string algorithm; ///< header `alg`
    std::string key_id;    ///< header `kid`
    std::string payload;
    std::size_t signature_size = 0; ///< bytes

    /// `invalid_credentials` unless it is three parts of canonical base64url without padding, the header being strict
    /// JSON with the strings `alg` and `kid`, perhaps `typ` `JWT`, and nothing else: berth signs no other, and members
    /// such as `jwk`, `x5c`, `jku` and `crit` exist to steer the one who verifies.
    static Result<CompactToken> parse(std::string_view token);
};

/// The claims as JSON whose base64url has no `-` and no `_`: the characters that lead there (`>`, `?`, `~`, DEL and
/// everything beyond ASCII) are written as `\u` escapes.
std::string write_claims(const boost::json::object& claims);

} // namespace berth::identity
