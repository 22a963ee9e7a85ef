#include "base/guid.hpp"

#include "base/encoding.hpp"
#include "base/random.hpp"

#include <array>

namespace berth {

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
    std::array<std::byte, 16> bytes{};
    fill_random(bytes);
    bytes[6] = (bytes[6] & std::byte{0x0F}) | std::byte{0x40};
    bytes[8] = (bytes[8] & std::byte{0x3F}) | std::byte{0x80};
    std::string out = to_hex(bytes);
    for (const std::size_t position : {8U, 13U, 18U, 23U}) out.insert(position, 1, '-');
    return Guid(std::move(out));
}

std::string Guid::compact() const {
    std::string out;
    for (const char c : value_) {
        if (c != '-') out += c;
    }
    return out;
}

} // namespace berth
