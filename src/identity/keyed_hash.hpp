#pragma once

#include "identity/remembered.hpp"

#include <array>
#include <initializer_list>
#include <string_view>

namespace berth::identity {

/// SipHash-2-4 with 128 bits, under a random key that lives as long as the object: what is remembered of a secret tells
/// nothing to whoever guesses it without the key, and nobody without the key finds a second text of the same hash. Each
/// request needs one or two, and SHA-256 of a token takes longer than all else that is done with it. Thread-safe.
class KeyedHash {
public:
    KeyedHash();
    ~KeyedHash();
    KeyedHash(const KeyedHash&) = delete;
    KeyedHash& operator=(const KeyedHash&) = delete;
    /// Of the parts in their order, each with its length before it.
    MemoryKey of(std::initializer_list<std::string_view> parts) const;

private:
    std::array<unsigned char, 16> key_{};
};

} // namespace berth::identity
