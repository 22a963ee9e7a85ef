#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "base/time.hpp"
#include "identity/seal.hpp"
#include "storage/database.hpp"

#include <boost/json/object.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace berth::identity {

enum class KeyPurpose : std::uint8_t {
    registry,  ///< ES256: registry refresh and access tokens
    directory, ///< RS256: Entra-shaped tokens
};

/// The signing keys: made on first start, kept sealed in the database, rotated, published. Signing and verifying are
/// pure computation. Thread-safe.
class KeyRing {
public:
    virtual ~KeyRing() = default;

    /// Loads the keys, making what is missing and rotating a signing key older than `rotate_after` (the old one goes on
    /// verifying for a day).
    static Task<Result<std::unique_ptr<KeyRing>>> load(storage::Database& database, const Seal& seal, const Clock& clock,
                                                       std::chrono::seconds rotate_after);

    /// New keys that end with the process: for tests and measurements.
    static std::unique_ptr<KeyRing> in_memory(const Clock& clock);

    /// A compact JWS (RFC 7515) over the claims. Claims are written so that their base64 has no `-` or `_` (ACR's Go
    /// client decodes with the standard alphabet): `<`, `>`, `?`, `~` and non-ASCII are escaped.
    virtual Result<std::string> sign(KeyPurpose purpose, const boost::json::object& claims) const = 0;
    /// The claims, if the signature holds under a key of that purpose, named by `kid`, with the algorithm pinned to it.
    /// Nothing in the token chooses key material. `invalid_credentials` otherwise; tokens above 32 KiB are not looked
    /// at.
    virtual Result<boost::json::object> verify(KeyPurpose purpose, std::string_view token) const = 0;
    /// RFC 7517 key set of the public keys of that purpose.
    virtual boost::json::object key_set(KeyPurpose purpose) const = 0;
    /// Rotates keys that are due; called now and then. Other processes pick up new keys by loading again.
    virtual Task<Result<void>> rotate_if_due() = 0;
};

} // namespace berth::identity
