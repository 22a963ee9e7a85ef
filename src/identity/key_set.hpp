#pragma once

#include "base/result.hpp"
#include "identity/verification_key.hpp"

#include <string_view>
#include <vector>

namespace berth::identity {

/// How many keys of an issuer are looked at.
inline constexpr std::size_t most_keys = 100;

/// The keys of a JWK set (RFC 7517 section 5) that tokens can be checked with; others are passed over, as the RFC asks.
/// `invalid_parameter` if the text is no set or holds no such key.
Result<std::vector<VerificationKey>> parse_key_set(std::string_view json);

/// The address of the keys in an issuer's OpenID metadata (OpenID Connect Discovery 1.0 section 3). `invalid_parameter` unless
/// the document is this issuer's.
Result<std::string> parse_key_set_address(std::string_view json, std::string_view issuer);

} // namespace berth::identity
