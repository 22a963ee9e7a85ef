#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace berth {

/// The eight words of a running SHA-256 (FIPS 180-4, section 6.2).
using Sha256State = std::array<std::uint32_t, 8>;

/// SHA-256 of several messages at once, one in each lane of the processor's vectors: without instructions for SHA-256 a
/// processor does some three times as many bytes this way as one message after the other.
struct Sha256Lanes {
    static constexpr std::size_t most = 16;

    std::size_t count; ///< messages at once, at most `most`; fewer take as long
    const char* name;  ///< of the instructions
    /// Goes `blocks` blocks of 64 bytes on with each of `count` messages: `states[lane]` with what begins at `data[lane]`.
    void (*advance)(Sha256State* const* states, const std::byte* const* data, std::size_t blocks) noexcept;
};

/// Those that this processor can do, wider ones last; empty on a processor without such vectors.
std::span<const Sha256Lanes> sha256_lanes() noexcept;

/// Whether the processor has instructions for SHA-256: then one message after the other is faster than lanes.
bool has_sha256_instructions() noexcept;

} // namespace berth
