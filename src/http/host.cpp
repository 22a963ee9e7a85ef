#include "http/host.hpp"

#include "http/ip_address.hpp"

#include <algorithm>
#include <charconv>

namespace berth::http {
namespace {

constexpr std::size_t longest_name = 255; // RFC 1035 section 2.3.4

bool is_name_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

bool is_port(std::string_view text) noexcept {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return !text.empty() && error == std::errc{} && end == text.data() + text.size() && value <= 65535;
}

} // namespace

std::optional<std::string> parse_host(std::string_view text) {
    std::size_t end = 0;
    if (text.starts_with('[')) {
        end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view inner = text.substr(1, end - 1);
        if (!inner.contains(':') || !IpAddress::parse(inner)) return std::nullopt;
        ++end;
    } else {
        while (end < text.size() && is_name_character(text[end])) ++end;
        if (end == 0 || end > longest_name) return std::nullopt;
    }
    if (end < text.size() && (text[end] != ':' || !is_port(text.substr(end + 1)))) return std::nullopt;

    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

} // namespace berth::http
