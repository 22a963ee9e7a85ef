#pragma once

#include "base/encoding.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "identity/verification_key.hpp"

#include <span>
#include <string_view>

namespace berth::identity {

/// A certificate that a program proves itself with: what stands in it, and its key. The signature on it is nobody's
/// business here: it counts because whoever may change the application put it there.
struct Certificate {
    Bytes der;
    Bytes sha1;   ///< 20 bytes over the DER (RFC 7515 section 4.1.7)
    Bytes sha256; ///< 32 bytes (section 4.1.8)
    Timestamp not_before{};
    Timestamp not_after{};
    VerificationKey key;

    /// From DER, or from PEM that holds one certificate (the private key beside it is not looked at); at most 16 KiB.
    /// `invalid_parameter` unless it is one with an RSA key of 2048 to 8192 bits.
    static Result<Certificate> parse(std::span<const std::byte> bytes);
};

} // namespace berth::identity
