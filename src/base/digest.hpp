#pragma once

#include "base/result.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace berth {

/// The registered algorithms of the OCI image specification, section "Digests".
enum class DigestAlgorithm : std::uint8_t { sha256 = 1, sha512 = 2 };

/// Bytes in a digest of the algorithm: 32 or 64.
constexpr std::size_t digest_size(DigestAlgorithm algorithm) noexcept { return algorithm == DigestAlgorithm::sha256 ? 32 : 64; }
/// "sha256" or "sha512".
std::string_view to_string(DigestAlgorithm algorithm) noexcept;
/// The algorithm of that name, or nullopt.
std::optional<DigestAlgorithm> parse_digest_algorithm(std::string_view name) noexcept;

/// A content digest, `sha256:<64 hex>` or `sha512:<128 hex>`, lower case (OCI image specification, "Digests").
class Digest {
public:
    /// `digest_invalid` for everything but the two forms above.
    static Result<Digest> parse(std::string_view text);
    /// From raw bytes of exactly `digest_size(algorithm)`.
    static Digest from_bytes(DigestAlgorithm algorithm, std::span<const std::byte> bytes) noexcept;
    /// From the stored form that `stored()` gives; nullopt if it is none.
    static std::optional<Digest> from_stored(std::span<const std::byte> stored) noexcept;
    /// The digest of `content`.
    static Digest of(std::span<const std::byte> content, DigestAlgorithm algorithm = DigestAlgorithm::sha256);

    DigestAlgorithm algorithm() const noexcept { return static_cast<DigestAlgorithm>(stored_[0]); }
    std::span<const std::byte> bytes() const noexcept { return std::span(stored_).subspan(1, digest_size(algorithm())); }
    /// The form in which databases keep it: one byte of algorithm, then the raw bytes.
    std::span<const std::byte> stored() const noexcept { return std::span(stored_).first(1 + digest_size(algorithm())); }
    std::string hex() const;
    std::string to_string() const;

    auto operator<=>(const Digest&) const = default;

private:
    Digest() = default;
    std::array<std::byte, 65> stored_{};
};

} // namespace berth

template <>
struct std::hash<berth::Digest> {
    std::size_t operator()(const berth::Digest& digest) const noexcept {
        std::size_t out = 0; // a digest is its own good hash
        for (std::size_t i = 0; i < sizeof(out); ++i) {
            out = out << 8 | std::to_integer<std::size_t>(digest.bytes()[i]);
        }
        return out;
    }
};
