#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace berth::control_plane {

/// An error with the ARM code to show, where the table of the gateway has a more general one.
inline std::unexpected<Error> arm_failure(ErrorCode code, std::string_view arm_code, std::string message) {
    Error error{code, std::move(message)};
    error.protocol_code = arm_code;
    return std::unexpected(std::move(error));
}

} // namespace berth::control_plane
