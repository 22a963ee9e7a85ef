#include "gateway/error_response.hpp"

#include "base/encoding.hpp"
#include "base/time.hpp"
#include "gateway/error_table.hpp"
#include "gateway/response.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace berth::gateway {
namespace {

bool is_refusal(ErrorCode code) noexcept {
    return code == ErrorCode::unauthenticated || code == ErrorCode::invalid_credentials || code == ErrorCode::forbidden ||
           code == ErrorCode::linked_forbidden;
}

// ACR's own sentence, which its clients look for, then what is the matter.
constexpr std::string_view visit = "authentication required, visit https://aka.ms/acr/authorization for more information.";

// A message as clients' parsers of challenges bear it: they split at commas, count `=`, and take the last word "bearer" or
// "basic" anywhere for the scheme. Empty when it cannot be said so.
std::string challenge_text(std::string_view message) {
    std::string out;
    for (const char c : message) {
        if (c == '"' || c == '\\') {
            out += '\'';
        } else if (c == ',') {
            out += ';';
        } else if (c == '=') {
            out += ':';
        } else if (c >= 0x20 && c < 0x7F) {
            out += c;
        }
    }
    const std::string lower = to_lower(out);
    if (lower.find("bearer") != std::string::npos || lower.find("basic") != std::string::npos) return {};
    return out;
}

http::Response registry_error(const Error& error, const ErrorPlace& place) {
    const ErrorMapping& mapping = mapping_of(error.code);
    std::string message = error.message;
    if (error.code == ErrorCode::unauthenticated || error.code == ErrorCode::invalid_credentials) {
        message = message.empty() ? std::string(visit) : fmt::format("{} {}", visit, message);
    }
    if (place.protocol == Protocol::registry_token && (is_refusal(error.code) || error.code == ErrorCode::network_forbidden)) {
        message += fmt::format(" CorrelationId: {}", place.correlation_id);
    }
    const std::string_view code = error.protocol_code.empty() ? mapping.registry_code : error.protocol_code;
    boost::json::object body{
        {"errors", boost::json::array{boost::json::object{{"code", code}, {"message", message}, {"detail", error.detail}}}}};
    auto response = json_response(mapping.registry_status, body);
    if (place.protocol == Protocol::registry && is_refusal(error.code) && place.registry != nullptr) {
        const bool insufficient =
            error.code == ErrorCode::forbidden || (error.code == ErrorCode::unauthenticated && place.had_credentials);
        const std::string_view reason = insufficient                                   ? "insufficient_scope"
                                        : error.code == ErrorCode::invalid_credentials ? "invalid_token"
                                                                                       : "";
        std::string header = challenge(place, reason);
        // docker shows this and hides the body.
        const std::string description = insufficient ? challenge_text(error.message) : "";
        if (!description.empty()) header += fmt::format(",error_description=\"{}\"", description);
        response.headers.add("WWW-Authenticate", std::move(header));
    }
    return response;
}

http::Response resource_manager_error(const Error& error, const ErrorPlace& place) {
    const ErrorMapping& mapping = mapping_of(error.code);
    std::string_view code = error.protocol_code.empty() ? mapping.arm_code : error.protocol_code;
    // Graph has one code for every token it does not take, a missing one included.
    if (place.protocol == Protocol::graph && mapping.status == 401) code = "InvalidAuthenticationToken";
    boost::json::object inner{{"code", code}, {"message", error.message}};
    if (mapping.status == 403 && place.route != nullptr && !place.route->refusal_note.empty()) {
        inner["message"] = fmt::format("{} {}", error.message, place.route->refusal_note);
    }
    if (error.detail.is_array() && !error.detail.get_array().empty()) inner["details"] = error.detail;
    if (place.protocol == Protocol::graph) {
        inner["innerError"] =
            boost::json::object{{"request-id", place.correlation_id}, {"client-request-id", place.correlation_id}};
    }
    auto response = json_response(mapping.status, boost::json::object{{"error", std::move(inner)}});
    if (mapping.status == 401) {
        response.headers.add("WWW-Authenticate", fmt::format("Bearer authorization_uri=\"{}/common/oauth2/authorize\", "
                                                             "error=\"invalid_token\", error_description=\"{}\"",
                                                             place.base_address, code));
    }
    return response;
}

http::Response sign_in_error(const Error& error, const ErrorPlace& place) {
    const ErrorMapping& mapping = mapping_of(error.code);
    const bool credentials = error.code == ErrorCode::invalid_credentials;
    const bool later = mapping.status == 429 || mapping.status == 503;
    boost::json::object body{{"error", !error.protocol_code.empty() ? std::string_view(error.protocol_code)
                                       : credentials                ? "invalid_client"
                                       : later                      ? "temporarily_unavailable"
                                                                    : "invalid_request"},
                             {"error_description", error.message},
                             {"error_codes", error.detail.is_array() ? error.detail : boost::json::value(boost::json::array{})},
                             {"timestamp", to_rfc3339(Clock().now())},
                             {"trace_id", place.correlation_id},
                             {"correlation_id", place.correlation_id}};
    return json_response(mapping.status, body);
}

// When to come again: what the error says, else soon, for what may go by at any moment.
void add_retry_after(const Error& error, http::Response& response) {
    if (response.status != 429 && error.code != ErrorCode::unavailable) return;
    const auto* object = error.detail.if_object();
    const auto* said = object != nullptr ? object->if_contains("retryAfter") : nullptr;
    const std::int64_t seconds = said != nullptr && said->is_int64() ? said->get_int64() : 1;
    response.headers.add("Retry-After", std::to_string(seconds));
}

} // namespace

std::string challenge(const ErrorPlace& place, std::string_view error) {
    std::string out =
        fmt::format("Bearer realm=\"{}/oauth2/token\",service=\"{}\"", place.base_address, place.registry->login_server);
    // Where several would do, the first one is what clients are told to ask for.
    const Permission* permission =
        place.route != nullptr && !place.route->entry.permissions.empty() ? place.route->entry.permissions.front() : nullptr;
    if (permission == &permissions::catalog) {
        out += ",scope=\"registry:catalog:*\"";
    } else if (permission != nullptr && !permission->challenge.empty()) {
        out += fmt::format(",scope=\"repository:{}:{}{}{}\"", place.repository, permission->challenge,
                           place.further_scope.empty() ? "" : " ", place.further_scope);
    }
    if (!error.empty()) out += fmt::format(",error=\"{}\"", error);
    return out;
}

http::Response error_response(const Error& error, const ErrorPlace& place) {
    http::Response response;
    switch (place.protocol) {
    case Protocol::registry:
    case Protocol::registry_token: response = registry_error(error, place); break;
    case Protocol::sign_in: response = sign_in_error(error, place); break;
    case Protocol::resource_manager:
    case Protocol::graph:
    case Protocol::berth: response = resource_manager_error(error, place); break;
    }
    add_retry_after(error, response);
    if (error.code == ErrorCode::method_not_allowed && error.detail.is_array()) {
        std::string allow;
        for (const auto& method : error.detail.get_array()) {
            if (!allow.empty()) allow += ", ";
            allow += std::string_view(method.get_string());
        }
        response.headers.add("Allow", std::move(allow));
    }
    return response;
}

} // namespace berth::gateway
