#include "sign_in/entra_error.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

namespace berth::sign_in {

std::unexpected<Error> entra_failure(ErrorCode code, std::string_view oauth_error, std::int64_t number,
                                     std::string_view message) {
    Error error{code, fmt::format("AADSTS{}: {}", number, message), boost::json::array{number}};
    error.protocol_code = oauth_error;
    return std::unexpected(std::move(error));
}

std::unexpected<Error> invalid_request(std::int64_t number, std::string_view message) {
    return entra_failure(ErrorCode::invalid_parameter, "invalid_request", number, message);
}

std::unexpected<Error> invalid_grant(std::int64_t number, std::string_view message) {
    return entra_failure(ErrorCode::invalid_parameter, "invalid_grant", number, message);
}

} // namespace berth::sign_in
