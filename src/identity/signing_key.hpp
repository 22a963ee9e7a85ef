#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"
#include "identity/key_ring.hpp"
#include "identity/owned.hpp"

#include <boost/json/object.hpp>
#include <openssl/evp.h>

#include <cstddef>
#include <string>
#include <string_view>

struct _cjose_jwk_int;

namespace berth::identity {

void release_jwk(_cjose_jwk_int* key) noexcept;

/// One private key with the one algorithm it is for. Immutable, thread-safe.
class SigningKey {
public:
    /// A new key: P-256 for the registry, RSA of 2048 bits (some 100 ms) for the directory.
    static SigningKey generate(KeyPurpose purpose);
    /// From PKCS#8 PEM, as `to_pem` gives it; `internal` for anything but a key of that purpose.
    static Result<SigningKey> from_pem(KeyPurpose purpose, std::string_view pem);
    Secret to_pem() const;

    /// Names the key in tokens and key sets, computed from its public half: for the registry as libtrust does (twelve
    /// groups of four base32 characters), for the directory the thumbprint of RFC 7638.
    const std::string& id() const noexcept { return id_; }
    /// `ES256` or `RS256` (RFC 7518 section 3.1).
    std::string_view algorithm() const noexcept;
    /// Bytes in a signature: 64, or as many as the RSA modulus has.
    std::size_t signature_size() const noexcept { return signature_size_; }

    /// The payload as a compact JWS (RFC 7515) with a header of `alg`, `kid` and `typ`.
    Result<std::string> sign(std::string_view payload) const;
    /// Whether the signature of the compact JWS is this key's. The caller has checked that the header names this key's
    /// algorithm and that the token's parts are well-formed.
    bool verify(std::string_view token) const;
    /// RFC 7517, the public half.
    boost::json::object public_jwk() const;

private:
    using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
    using Jwk = Owned<_cjose_jwk_int, release_jwk>;
    SigningKey(KeyPurpose purpose, Key key);

    KeyPurpose purpose_;
    Key key_;
    Jwk jwk_; // the same key as the JOSE library has it
    std::string id_;
    std::size_t signature_size_ = 0;
};

} // namespace berth::identity
