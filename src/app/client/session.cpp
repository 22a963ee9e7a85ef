#include "app/client/session.hpp"

#include "base/percent.hpp"
#include "base/strict_json.hpp"
#include "outbound/http_client.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace berth::app {
namespace {

constexpr std::string_view api_version = "2022-04-01";
const std::string resource_manager = "https://management.azure.com";
const std::string graph_resource = "https://graph.microsoft.com";

// The message inside any of the server's error shapes.
std::string message_of(const outbound::ClientResponse& response) {
    const auto json = parse_json(response.body);
    if (json) {
        if (const auto text = find_string(*json, "error_description")) return std::string(*text);
        if (const auto* error = find_member(*json, "error")) {
            if (const auto text = find_string(*error, "message")) return std::string(*text);
        }
    }
    return fmt::format("The server answered {}.", response.status);
}

ErrorCode code_of(unsigned status) {
    switch (status) {
    case 401: return ErrorCode::invalid_credentials;
    case 403: return ErrorCode::forbidden;
    case 404: return ErrorCode::not_found;
    case 409: return ErrorCode::conflict;
    default: return status < 500 ? ErrorCode::bad_request : ErrorCode::internal;
    }
}

} // namespace

Result<std::string> Session::token(const std::string& resource) {
    if (const auto found = tokens_.find(resource); found != tokens_.end()) return found->second;
    const auto response =
        outbound::send({.method = "POST",
                        .url = fmt::format("{}/{}/oauth2/v2.0/token", profile_.server,
                                           profile_.tenant.empty() ? "organizations" : profile_.tenant),
                        .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                        .body = fmt::format("grant_type=client_credentials&client_id={}&client_secret={}&scope={}",
                                            percent_encode(profile_.client_id), percent_encode(profile_.client_secret.reveal()),
                                            percent_encode(resource + "/.default")),
                        .ca_file = profile_.ca_file});
    if (!response) return std::unexpected(response.error());
    if (response->status != 200) return failure(code_of(response->status), message_of(*response));
    const auto json = parse_json(response->body);
    const auto text = json ? find_string(*json, "access_token") : std::nullopt;
    if (!text) return failure(ErrorCode::internal, "The server's answer to the sign-in holds no token.");
    return tokens_[resource] = std::string(*text);
}

Result<boost::json::value> Session::call(const std::string& resource, std::string_view method, const std::string& url,
                                         const boost::json::value& body) {
    auto bearer = token(resource);
    if (!bearer) return failure(std::move(bearer));
    outbound::ClientRequest request{.method = std::string(method),
                                    .url = profile_.server + url,
                                    .headers = {{"Authorization", "Bearer " + *bearer}},
                                    .body = {},
                                    .ca_file = profile_.ca_file};
    if (!body.is_null()) {
        request.headers.emplace_back("Content-Type", "application/json");
        request.body = boost::json::serialize(body);
    }
    const auto response = outbound::send(request);
    if (!response) return std::unexpected(response.error());
    if (response->status >= 300) return failure(code_of(response->status), message_of(*response));
    if (response->body.empty()) return nullptr;
    return parse_json(response->body);
}

Result<boost::json::value> Session::arm(std::string_view method, const std::string& path, const boost::json::value& body) {
    const char joint = path.find('?') == std::string::npos ? '?' : '&';
    return call(resource_manager, method, fmt::format("{}{}api-version={}", path, joint, api_version), body);
}

Result<boost::json::value> Session::graph(std::string_view method, const std::string& path, const boost::json::value& body) {
    return call(graph_resource, method, "/v1.0" + path, body);
}

Result<void> Session::sign_in() {
    auto subscriptions = arm("GET", "/subscriptions");
    if (!subscriptions) return failure(std::move(subscriptions));
    const auto* list = find_member(*subscriptions, "value");
    if (list != nullptr && list->is_array() && !list->get_array().empty()) {
        const auto& first = list->get_array().front();
        profile_.subscription = find_string(first, "subscriptionId").value_or("");
        profile_.tenant = find_string(first, "tenantId").value_or(profile_.tenant);
    }
    return {};
}

} // namespace berth::app
