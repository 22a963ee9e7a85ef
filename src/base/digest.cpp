#include "base/digest.hpp"

#include "base/encoding.hpp"
#include "base/hasher.hpp"

#include <algorithm>

namespace berth {

std::string_view to_string(DigestAlgorithm algorithm) noexcept {
    return algorithm == DigestAlgorithm::sha256 ? "sha256" : "sha512";
}

std::optional<DigestAlgorithm> parse_digest_algorithm(std::string_view name) noexcept {
    if (name == "sha256") return DigestAlgorithm::sha256;
    if (name == "sha512") return DigestAlgorithm::sha512;
    return std::nullopt;
}

Result<Digest> Digest::parse(std::string_view text) {
    const auto invalid = [&] {
        return failure(ErrorCode::digest_invalid, "The digest is not valid: expected 'sha256:' and 64 or 'sha512:' and "
                                                  "128 lower-case hexadecimal digits.");
    };
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return invalid();
    const auto algorithm = parse_digest_algorithm(text.substr(0, colon));
    if (!algorithm) return invalid();
    const std::string_view hex = text.substr(colon + 1);
    if (hex.size() != digest_size(*algorithm) * 2) return invalid();
    const auto bytes = from_hex(hex);
    if (!bytes) return invalid();
    return from_bytes(*algorithm, *bytes);
}

Digest Digest::from_bytes(DigestAlgorithm algorithm, std::span<const std::byte> bytes) noexcept {
    Digest digest;
    digest.stored_[0] = static_cast<std::byte>(algorithm);
    std::ranges::copy(bytes.first(digest_size(algorithm)), digest.stored_.begin() + 1);
    return digest;
}

std::optional<Digest> Digest::from_stored(std::span<const std::byte> stored) noexcept {
    if (stored.empty()) return std::nullopt;
    const auto algorithm = static_cast<DigestAlgorithm>(stored.front());
    if (algorithm != DigestAlgorithm::sha256 && algorithm != DigestAlgorithm::sha512) return std::nullopt;
    if (stored.size() != 1 + digest_size(algorithm)) return std::nullopt;
    return from_bytes(algorithm, stored.subspan(1));
}

Digest Digest::of(std::span<const std::byte> content, DigestAlgorithm algorithm) {
    Hasher hasher(algorithm);
    hasher.update(content);
    return hasher.digest();
}

std::string Digest::hex() const { return to_hex(bytes()); }

std::string Digest::to_string() const {
    std::string out(berth::to_string(algorithm()));
    out += ':';
    out += hex();
    return out;
}

} // namespace berth
