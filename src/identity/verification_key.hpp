#pragma once

#include "base/result.hpp"
#include "identity/owned.hpp"

#include <boost/json/value.hpp>
#include <openssl/evp.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

struct _cjose_jwk_int;

namespace berth::identity {

/// Somebody else's public key: RSA of 2048 to 8192 bits, or EC on P-256, P-384 or P-521. Immutable, cheap to copy, thread-safe.
class VerificationKey {
public:
    /// One key of a set (RFC 7517). `invalid_parameter` for private, symmetric and weak keys, other curves, and keys that are
    /// not for signatures.
    static Result<VerificationKey> from_jwk(const boost::json::value& jwk);
    /// The public half of an RSA key. `invalid_parameter` for another kind or size.
    static Result<VerificationKey> from_rsa(EVP_PKEY* key);

    /// The key's name in its set; empty if it has none.
    const std::string& id() const noexcept { return id_; }
    /// Whether tokens may be signed with this key by that algorithm (RFC 7518 section 3.1): the one that the key names, or
    /// those of its type. Never `none` or one with a shared secret.
    bool allows(std::string_view algorithm) const noexcept;
    /// Whether the compact JWS, whose header names `algorithm`, was signed with this key. False for an algorithm that the
    /// key does not allow.
    bool verify(std::string_view token, std::string_view algorithm) const;

private:
    VerificationKey() = default;

    std::shared_ptr<_cjose_jwk_int> key_;
    std::string id_;
    std::string algorithm_; // the one it names; empty: those of its type
    std::string curve_;     // empty: RSA
};

} // namespace berth::identity
