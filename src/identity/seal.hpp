#pragma once

#include "base/encoding.hpp"
#include "base/result.hpp"

#include <filesystem>
#include <string_view>

namespace berth::identity {

/// Seals what berth must present again (admin passwords, signing keys, upload sessions): AES-256-GCM under keys derived
/// (HKDF-SHA256) from one that is kept in a file outside the database. Thread-safe.
class Seal {
public:
    /// Reads the key file, or makes one (mode 0600, synced) if there is none.
    static Result<Seal> open(const std::filesystem::path& key_file);
    /// With a given key of 32 bytes, for tests.
    explicit Seal(Bytes key) : key_(std::move(key)) {}

    /// Encrypts and authenticates `plain`; `purpose` separates uses and must be given again to unseal.
    Bytes seal(std::string_view purpose, std::span<const std::byte> plain) const;
    /// `invalid_credentials` for anything that this key and purpose did not seal.
    Result<Bytes> unseal(std::string_view purpose, std::span<const std::byte> sealed) const;

private:
    Bytes key_;
};

} // namespace berth::identity
