#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace berth::outbound {

/// A URL taken apart once, so that what is checked is what is asked for.
struct TargetUrl {
    bool https = true;
    std::string host; ///< lower case, IPv6 without brackets
    std::uint16_t port = 443;
    std::string target; ///< path and query, encoded; begins with `/`

    /// Absolute http or https, without user or password; a fragment is dropped. `invalid_parameter` for anything else.
    static Result<TargetUrl> parse(std::string_view text);
    std::string to_string() const;
    /// Scheme, host and port: what credentials are bound to (RFC 6454).
    bool same_origin(const TargetUrl& other) const noexcept {
        return https == other.https && host == other.host && port == other.port;
    }
};

} // namespace berth::outbound
