#pragma once

#include "base/error_code.hpp"

#include <optional>
#include <string_view>

namespace berth::gateway {

/// What an error code is in each protocol.
struct ErrorMapping {
    ErrorCode code;
    unsigned status;                ///< of ARM, Graph and berth's own routes
    unsigned registry_status;       ///< of /v2 and /acr/v1, where a refusal is 401 and never 403
    std::string_view registry_code; ///< OCI distribution specification, "Error Codes", and ACR's own
    std::string_view arm_code;
};

/// The row of a code; every code has one.
const ErrorMapping& mapping_of(ErrorCode code) noexcept;
/// The code that ARM shows by this name, the first of several; nullopt for a name that is in no row.
std::optional<ErrorCode> code_of_arm(std::string_view arm_code) noexcept;

} // namespace berth::gateway
