#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace berth::http {

/// Checks a Host field or an authority (RFC 9110 section 7.2: `uri-host [ ":" port ]`) and gives it in lower case.
/// Names of letters, digits, `-`, `_` and `.`, or an IPv6 address in brackets, with a port up to 65535 that may be
/// missing; nullopt for everything else: empty ones, user information, percent-encoding.
std::optional<std::string> parse_host(std::string_view text);

} // namespace berth::http
