#pragma once

#include <string_view>

namespace berth::http {

/// `tchar` of RFC 9110 section 5.6.2: what methods and field names are made of.
constexpr bool is_token_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").contains(c);
}

/// What a field value may hold (RFC 9110 section 5.5): visible characters, space, tab, and bytes above ASCII.
constexpr bool is_value_character(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

} // namespace berth::http
