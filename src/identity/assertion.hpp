#pragma once

#include "base/encoding.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace berth::identity {

/// A JWT that somebody else made (RFC 7519), taken apart, nothing of it believed yet: a client assertion (RFC 7523) or a token
/// of a trusted issuer. Its signature is still to be checked with a key that berth found by itself.
struct Assertion {
    std::string token; ///< as it came

    // Of the header. What could steer the one who verifies (`crit`, `jku`, `jwk`, `x5u`) is refused or not read.
    std::string algorithm;     ///< `alg`
    std::string key_id;        ///< `kid`; empty if there is none
    Bytes sha1;                ///< `x5t`; empty if there is none
    Bytes sha256;              ///< `x5t#S256`; empty if there is none
    std::optional<Bytes> leaf; ///< the first of `x5c`, DER

    // Claims.
    std::string issuer;
    std::string subject;
    std::vector<std::string> audiences; ///< `aud`, one or several
    Timestamp expires_at{};
    std::optional<Timestamp> not_before{};
    std::optional<Timestamp> issued_at{};
    boost::json::value claims; ///< all, an object

    /// `invalid_credentials` with a message for people unless it is a compact JWS of strict JSON with `alg`, `iss`, `sub`,
    /// `aud` and `exp`. Times may have fractions, as MSAL for Python writes them; `x5t` may be padded, and base64 in `x5c` may
    /// hold white space (az-current (b)).
    /// `sub` may be missing, and is then empty, where `needs_subject` is false.
    static Result<Assertion> parse(std::string_view token, bool needs_subject = true);

    /// Whether it holds at this time, five minutes of difference between clocks allowed: `invalid_credentials` if it has
    /// expired, is not valid yet, or lives longer than `longest` from now.
    Result<void> check_time(Timestamp now, std::chrono::seconds longest) const;
    /// Whether one of its audiences is this text, but for slashes at the end.
    bool is_for(std::string_view audience) const noexcept;
};

} // namespace berth::identity
