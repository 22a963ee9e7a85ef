#pragma once

#include <string_view>

namespace berth::control_plane {

/// Whether the text is an IPv4 or IPv6 address, or a range of them in CIDR notation (`192.0.2.0/24`).
bool is_ip_rule(std::string_view text) noexcept;

} // namespace berth::control_plane
