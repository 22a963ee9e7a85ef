#include "base/guid.hpp"

#include "base/encoding.hpp"
#include "base/random.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace berth {

namespace {

// Every request has a correlation id; the generator is quick with many bytes at once and slow with sixteen.
std::array<std::byte, 16> random_bytes() {
    thread_local std::array<std::byte, 64 * 16> ahead{};
    thread_local std::size_t used = ahead.size();
    if (used == ahead.size()) {
        fill_random(ahead);
        used = 0;
    }
    std::array<std::byte, 16> out{};
    std::copy_n(ahead.begin() + static_cast<std::ptrdiff_t>(used), out.size(), out.begin());
    used += out.size();
    return out;
}

} // namespace

std::optional<Guid> Guid::parse(std::string_view text) {
    if (text.size() != 36) return std::nullopt;
    std::string out = to_lower(text);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const bool hex = (out[i] >= '0' && out[i] <= '9') || (out[i] >= 'a' && out[i] <= 'f');
        if (dash ? out[i] != '-' : !hex) return std::nullopt;
    }
    return Guid(std::move(out));
}

Guid Guid::random() {
    std::array<std::byte, 16> bytes = random_bytes();
    bytes[6] = (bytes[6] & std::byte{0x0F}) | std::byte{0x40};
    bytes[8] = (bytes[8] & std::byte{0x3F}) | std::byte{0x80};
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out(36, '-');
    std::size_t position = 0;
    for (const std::byte byte : bytes) {
        if (position == 8 || position == 13 || position == 18 || position == 23) ++position;
        out[position++] = digits[std::to_integer<std::size_t>(byte >> 4)];
        out[position++] = digits[std::to_integer<std::size_t>(byte & std::byte{0x0F})];
    }
    return Guid(std::move(out));
}

bool Guid::is_compact(std::string_view text) const noexcept {
    std::size_t at = 0;
    for (const char c : value_) {
        if (c != '-' && (at == text.size() || text[at++] != c)) return false;
    }
    return at == text.size();
}

std::string Guid::compact() const {
    std::string out;
    out.reserve(value_.size());
    for (const char c : value_) {
        if (c != '-') out += c;
    }
    return out;
}

} // namespace berth
