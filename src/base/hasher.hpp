#pragma once

#include "base/digest.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace berth {

/// A running SHA-256 or SHA-512 whose state can be saved and taken up again by another process of the same build
/// architecture: an upload goes on where it stopped without reading what is there.
class Hasher {
public:
    explicit Hasher(DigestAlgorithm algorithm) noexcept;

    DigestAlgorithm algorithm() const noexcept { return algorithm_; }
    void update(std::span<const std::byte> bytes) noexcept;
    /// The digest of everything so far; the hasher can go on afterwards.
    Digest digest() const;

    /// The state as bytes: algorithm, then the library's context. Only for `restore`.
    std::string save() const;
    /// Takes up what `save` gave; nullopt for anything of another shape.
    static std::optional<Hasher> restore(std::string_view state);

    struct Input {
        Hasher* hasher;
        std::span<const std::byte> bytes;
    };
    /// With fewer, most lanes would be idle: each is faster for itself, and best on a processor of its own.
    static constexpr std::size_t fewest_together = 3;
    /// How many of `update_together` share the processor; 1 where each is fastest for itself.
    static std::size_t most_together() noexcept;
    /// Whether this one gains from it.
    bool goes_together() const noexcept { return algorithm_ == DigestAlgorithm::sha256; }
    /// Updates each hasher with its bytes, several SHA-256 at once where that is faster (`sha256_lanes.hpp`). As many bytes
    /// for each is best. No hasher twice.
    static void update_together(std::span<const Input> inputs) noexcept;

private:
    struct Lane;
    static constexpr std::size_t context_size = 256;
    DigestAlgorithm algorithm_;
    alignas(16) std::array<std::byte, context_size> context_;
};

} // namespace berth
