#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace berth::identity {

/// What the private key of a row of `signing_keys` is sealed for (`Seal::seal`), by the row's purpose and id.
inline std::string signing_key_seal(std::string_view purpose, std::string_view id) {
    return fmt::format("signing-key/{}/{}", purpose, id);
}

} // namespace berth::identity
