#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace berth {

/// Whether each character of `text` lies from `lowest` to `highest`, both of them ASCII. Looks at eight at a time: compilers
/// make a loop over single ones of it, which took a twentieth of the time of a small answer.
inline bool all_between(std::string_view text, char lowest, char highest) noexcept {
    constexpr std::uint64_t each = 0x0101010101010101U;
    constexpr std::uint64_t top_bits = each << 7U;
    const auto low = static_cast<unsigned char>(lowest);
    const auto high = static_cast<unsigned char>(highest);
    // A borrow or carry reaches the next character only out of one that is itself outside.
    const auto outside_of = [below = each * low, above = each * (0x7fU - high)](std::uint64_t eight) {
        return (((eight - below) & ~eight) | (eight + above) | eight) & top_bits;
    };
    const auto at = [&](std::size_t position) {
        std::uint64_t eight = 0;
        std::memcpy(&eight, text.data() + position, sizeof(eight));
        return eight;
    };
    if (text.size() < sizeof(std::uint64_t)) {
        return std::ranges::all_of(text, [&](char c) { return c >= lowest && c <= highest; });
    }
    std::uint64_t outside = outside_of(at(text.size() - sizeof(std::uint64_t)));
    for (std::size_t i = 0; i + sizeof(std::uint64_t) < text.size(); i += sizeof(std::uint64_t)) outside |= outside_of(at(i));
    return outside == 0;
}

} // namespace berth
