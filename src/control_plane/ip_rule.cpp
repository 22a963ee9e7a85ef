#include "control_plane/ip_rule.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <string>

namespace berth::control_plane {

bool is_ip_rule(std::string_view text) noexcept {
    if (text.empty() || text.size() > 64) return false;
    const std::size_t slash = text.find('/');
    const std::string address(text.substr(0, slash));
    if (address.find('\0') != std::string::npos) return false; // inet_pton would stop there
    unsigned char bytes[sizeof(in6_addr)];
    unsigned most = 0;
    if (inet_pton(AF_INET, address.c_str(), bytes) == 1)
        most = 32;
    else if (inet_pton(AF_INET6, address.c_str(), bytes) == 1)
        most = 128;
    else
        return false;
    if (slash == std::string_view::npos) return true;
    const std::string_view digits = text.substr(slash + 1);
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    return error == std::errc() && end == digits.data() + digits.size() && bits <= most;
}

} // namespace berth::control_plane
