#include "directory/redirect_address.hpp"

#include "base/encoding.hpp"

#include <algorithm>
#include <array>

namespace berth::directory {
namespace {

// Schemes that a browser runs or shows instead of leaving for another place.
constexpr std::array<std::string_view, 8> dangerous{"javascript", "data", "vbscript", "file", "blob", "about", "ftp", "ws"};

bool is_visible(char c) noexcept { return c > ' ' && c < 0x7F; }
bool is_scheme(std::string_view text) noexcept {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    return !text.empty() && letter(text.front()) && std::ranges::all_of(text, [&](char c) {
        return letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
    });
}

std::unexpected<Error> must_be(std::string_view what) { return failure(ErrorCode::invalid_parameter, std::string(what)); }

// The host of `//host:port/…`, an IPv6 address with its brackets.
std::string host_of(std::string_view authority) {
    const std::size_t end = authority.starts_with('[') ? authority.find(']') : authority.find(':');
    if (end == std::string_view::npos) return to_lower(authority);
    return to_lower(authority.substr(0, authority.starts_with('[') ? end + 1 : end));
}

} // namespace

Result<void> check_absolute_address(std::string_view address) {
    const std::size_t colon = address.find(':');
    const bool plain = std::ranges::all_of(
        address, [](char c) { return is_visible(c) && std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos; });
    if (!plain || colon == std::string_view::npos || colon + 1 == address.size() || !is_scheme(address.substr(0, colon))) {
        return must_be("an absolute URI such as https://app.example.org/back");
    }
    return {};
}

Result<void> check_redirect_address(std::string_view address, RedirectPlatform platform) {
    if (auto absolute = check_absolute_address(address); !absolute) return absolute;
    if (address.contains('#') || address.contains('*')) return must_be("an address without a fragment and without wildcards");
    const std::size_t colon = address.find(':');
    const std::string scheme = to_lower(address.substr(0, colon));
    std::string_view rest = address.substr(colon + 1);
    if (scheme != "https" && scheme != "http") {
        if (platform == RedirectPlatform::native && std::ranges::find(dangerous, scheme) == dangerous.end()) return {};
        return must_be("an https address, or an http address of this machine (http://localhost)");
    }
    if (!rest.starts_with("//")) return must_be("an absolute URI such as https://app.example.org/back");
    rest.remove_prefix(2);
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
    const std::string host = host_of(authority);
    if (host.empty() || authority.contains('@')) return must_be("an address with a host and without a user name");
    if (scheme == "http" && host != "localhost" && host != "127.0.0.1" && host != "[::1]") {
        return must_be("an https address, or an http address of this machine (http://localhost)");
    }
    return {};
}

} // namespace berth::directory
