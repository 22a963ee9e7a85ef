#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <boost/json/value.hpp>

#include <optional>
#include <string>

namespace berth::directory {

/// What `addPassword` asks for: `{"passwordCredential":{"displayName"?,"startDateTime"?,"endDateTime"?}}`, or nothing.
struct PasswordRequest {
    std::optional<std::string> display_name;
    Timestamp starts_at{};
    Timestamp ends_at{}; ///< two years after the start when nothing is said

    /// `invalid_parameter` for other types, for an end that has passed or lies before the start, and for one more than a
    /// hundred years away.
    static Result<PasswordRequest> parse(const boost::json::value& body, Timestamp now);
};

} // namespace berth::directory
