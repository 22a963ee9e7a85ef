#pragma once

#include "identity/owned.hpp"
#include "identity/remembered.hpp"

#include <openssl/evp.h>

#include <initializer_list>
#include <string_view>

namespace berth::identity {

/// HMAC-SHA256 under a random key that lives as long as the object: what is remembered of a secret tells nothing to
/// whoever reads the memory of a stopped process or guesses hashes. Thread-safe.
class KeyedHash {
public:
    KeyedHash();
    /// Of the parts in their order, each with its length before it.
    MemoryKey of(std::initializer_list<std::string_view> parts) const;

private:
    Owned<EVP_MAC_CTX, EVP_MAC_CTX_free> prepared_; // with the key, copied for each use
};

} // namespace berth::identity
