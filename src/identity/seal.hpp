#pragma once

#include "base/encoding.hpp"
#include "base/result.hpp"
#include "identity/hmac.hpp"

#include <filesystem>
#include <initializer_list>
#include <string_view>

namespace berth::identity {

/// What can be done with the one key that is kept in a file outside the database. It seals what berth must present again
/// (admin passwords, signing keys): AES-256-GCM under keys derived (HKDF-SHA256) for each message. And it signs what others
/// bring back and may read (upload sessions): HMAC-SHA256 under a derived key. Thread-safe.
class Seal {
public:
    /// Reads the key file, or makes one (mode 0600, synced) if there is none.
    static Result<Seal> open(const std::filesystem::path& key_file);
    /// With a given key of 32 bytes, for tests.
    explicit Seal(Bytes key);

    /// Encrypts and authenticates `plain`; `purpose` separates uses and must be given again to unseal.
    Bytes seal(std::string_view purpose, std::span<const std::byte> plain) const;
    /// `invalid_credentials` for anything that this key and purpose did not seal.
    Result<Bytes> unseal(std::string_view purpose, std::span<const std::byte> sealed) const;

    /// Tells that whoever brings these parts back had them from a berth with this key; each part counts with its length.
    HmacCode sign(std::string_view purpose, std::initializer_list<std::string_view> parts) const noexcept;
    /// Whether `code` is what `sign` gives for the same. Takes equally long for all codes.
    bool has_signed(std::string_view purpose, std::initializer_list<std::string_view> parts,
                    std::span<const std::byte> code) const noexcept;

private:
    Bytes key_;
    HmacCode signing_key_{};
};

} // namespace berth::identity
