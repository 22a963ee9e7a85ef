#pragma once

#include "base/error_code.hpp"

#include <boost/json/value.hpp>

#include <expected>
#include <string>
#include <utility>

namespace berth {

/// What went wrong, as a value: the code says it to programs, the message to a person. A message names what was
/// refused and what to do; it never holds a secret.
struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string message;
    boost::json::value detail = nullptr; ///< for programs; the protocol's `detail` or `details`
    std::string protocol_code{}; ///< the code to show instead of the table's, where a protocol has several for one cause
};

/// A value or the reason why there is none. Nothing in berth throws; exceptions stop where a library is called.
template <class T>
using Result = std::expected<T, Error>;

/// Shorthand for returning a failure: `return failure(ErrorCode::not_found, "...")`.
inline std::unexpected<Error> failure(ErrorCode code, std::string message, boost::json::value detail = nullptr) {
    return std::unexpected(Error{code, std::move(message), std::move(detail)});
}

/// Passes a failure on: `if (!value) return failure(std::move(value));`
template <class T>
std::unexpected<Error> failure(Result<T>&& result) {
    return std::unexpected(std::move(result.error()));
}

} // namespace berth
