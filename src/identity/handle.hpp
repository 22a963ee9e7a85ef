#pragma once

#include "base/secret.hpp"

#include <string>
#include <string_view>

namespace berth::identity {

/// Something that only its holder knows (a cookie, a code, a token), and what is kept of it.
struct Handle {
    Secret value;   ///< 240 random bits
    std::string id; ///< `handle_id(value)`
};
Handle make_handle();
/// SHA-256 in hexadecimal: what a row is found by.
std::string handle_id(std::string_view value);

} // namespace berth::identity
