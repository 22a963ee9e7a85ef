#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace berth {

using Bytes = std::vector<std::byte>;

/// The bytes of a string, without a copy.
inline std::span<const std::byte> as_bytes(std::string_view text) noexcept {
    return std::as_bytes(std::span(text.data(), text.size()));
}
/// Bytes seen as text, without a copy.
inline std::string_view as_text(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Lower-case hexadecimal.
std::string to_hex(std::span<const std::byte> bytes);
/// Lower-case hexadecimal only, an even number of digits; anything else is nullopt.
std::optional<Bytes> from_hex(std::string_view text);

/// Base64 of RFC 4648 section 4, with padding.
std::string to_base64(std::span<const std::byte> bytes);
/// Accepts exactly what `to_base64` gives; padding may be left out.
std::optional<Bytes> from_base64(std::string_view text);
/// The URL-safe alphabet of RFC 4648 section 5, without padding.
std::string to_base64url(std::span<const std::byte> bytes);
/// Accepts exactly what `to_base64url` gives; trailing padding is tolerated.
std::optional<Bytes> from_base64url(std::string_view text);

/// ASCII lower case; other bytes stay.
std::string to_lower(std::string_view text);
/// Equality without regard to ASCII case.
bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept;
/// Whether `text` begins with `prefix`, without regard to ASCII case.
bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) noexcept;

} // namespace berth
