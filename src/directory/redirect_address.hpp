#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string_view>

namespace berth::directory {

/// What kind of client is sent back to an address.
enum class RedirectPlatform : std::uint8_t {
    web,    ///< `web` and `spa`: https, or http to this machine
    native, ///< `publicClient`: also a scheme of its own (`msauth://…`, `urn:ietf:wg:oauth:2.0:oob`)
};

/// Whether an application may register the address for redirects (RFC 6749 section 3.1.2, RFC 8252 section 7, and Entra's
/// rules): an absolute URI without fragment, user information and wildcards. The failure's message is a phrase that follows
/// "must be".
Result<void> check_redirect_address(std::string_view address, RedirectPlatform platform);

/// Whether it is an absolute URI of visible ASCII characters. The message is a phrase as above.
Result<void> check_absolute_address(std::string_view address);

} // namespace berth::directory
