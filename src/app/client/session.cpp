#include "app/client/session.hpp"

#include "base/encoding.hpp"
#include "base/percent.hpp"
#include "base/strict_json.hpp"
#include "outbound/http_client.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>

namespace berth::app {
namespace {

const std::string resource_manager = "https://management.azure.com";
const std::string graph_resource = "https://graph.microsoft.com";
constexpr std::string_view sign_in_again = " Sign in again with 'berth login'.";

std::string_view api_version(std::string_view path) {
    const std::string lower = to_lower(path.substr(0, path.find('?')));
    if (lower.find("/providers/microsoft.authorization/denyassignments") != std::string::npos) return "2024-07-01-preview";
    if (lower.find("/providers/microsoft.authorization/locks") != std::string::npos) return "2020-05-01";
    if (lower.find("/providers/microsoft.authorization/") != std::string::npos) return "2022-04-01";
    if (lower.find("/providers/microsoft.subscription/") != std::string::npos) return "2021-10-01";
    if (lower.find("/providers/microsoft.managedidentity/") != std::string::npos) return "2023-01-31";
    if (lower.find("/providers/microsoft.management/") != std::string::npos) return "2021-04-01";
    if (lower.find("/providers/microsoft.containerregistry/") != std::string::npos) return "2025-11-01";
    return "2022-12-01";
}

// The message inside any of the server's error shapes, with its details.
std::string message_of(const outbound::ClientResponse& response) {
    const auto json = parse_json(response.body);
    if (!json) return fmt::format("The server answered {}.", response.status);
    if (const auto text = find_string(*json, "error_description")) return std::string(*text);
    const auto* error = find_member(*json, "error");
    const auto text = error != nullptr ? find_string(*error, "message") : std::nullopt;
    if (!text) return fmt::format("The server answered {}.", response.status);
    std::string out(*text);
    const auto* details = find_member(*error, "details");
    if (details == nullptr || !details->is_array()) return out;
    for (const auto& detail : details->get_array()) {
        const auto more = find_string(detail, "message");
        if (more && out.find(*more) == std::string::npos) out += fmt::format("\n{}", *more);
    }
    return out;
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

std::unexpected<Error> refused(const outbound::ClientResponse& response) {
    std::string message = message_of(response);
    if (response.status == 401) message += sign_in_again;
    return failure(code_of(response.status), std::move(message));
}

Result<boost::json::value> document_of(const outbound::ClientResponse& response) {
    if (response.body.empty()) return nullptr;
    return parse_json(response.body);
}

// A link's path and query, for the server that was signed in to: a token goes nowhere else. Empty for no such link.
std::string target_of(std::string_view link) {
    const std::size_t scheme = link.find("://");
    const std::size_t slash = link.find('/', scheme == std::string_view::npos ? 0 : scheme + 3);
    return slash == std::string_view::npos ? "" : std::string(link.substr(slash));
}

// How long the server asks to wait before it is asked again, within bounds.
std::chrono::seconds pause_of(const outbound::ClientResponse& response) {
    const std::string text = response.header("retry-after");
    int seconds = 1;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    return std::chrono::seconds(std::clamp(seconds, 1, 30));
}

std::unexpected<Error> unanswered(Error error, const Profile& profile) {
    if (error.message.find("CA of its own") != std::string::npos) {
        error.message += " Its clients trust it with 'berth login --ca FILE'; berth keeps its own as DIR/tls/ca.pem.";
    } else if (error.code == ErrorCode::unavailable) {
        error.message += fmt::format(" Does berth serve at {}?", profile.server);
    }
    return std::unexpected(std::move(error));
}

std::string encode(std::string_view text, bool keep_slashes) {
    std::string out;
    while (keep_slashes) {
        const std::size_t slash = text.find('/');
        if (slash == std::string_view::npos) break;
        out += percent_encode(text.substr(0, slash)) + '/';
        text.remove_prefix(slash + 1);
    }
    return out + percent_encode(text);
}

Result<void> refuse_dots(std::string_view segment) {
    if (segment != "." && segment != "..") return {};
    return failure(ErrorCode::invalid_parameter, fmt::format("'{}' is no name.", segment));
}

const boost::json::value* find_subscription(const boost::json::array& all, const std::string& wanted) {
    for (const auto& one : all) {
        if (wanted.empty() || equals_ignoring_case(find_string(one, "subscriptionId").value_or(""), wanted) ||
            equals_ignoring_case(find_string(one, "displayName").value_or(""), wanted)) {
            return &one;
        }
    }
    return nullptr;
}

} // namespace

Result<std::string> encode_path(std::string_view path) {
    for (std::string_view rest = path; !rest.empty();) {
        const std::size_t slash = rest.find('/');
        if (auto named = refuse_dots(rest.substr(0, slash)); !named) return failure(std::move(named));
        rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
    }
    return encode(path, true);
}

Result<std::string> encode_segment(std::string_view name) {
    if (name.empty()) return failure(ErrorCode::invalid_parameter, "An empty name names nothing.");
    if (auto named = refuse_dots(name); !named) return failure(std::move(named));
    return encode(name, false);
}

std::string odata_text(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'') out += '\'';
        out += c;
    }
    return out + "'";
}

Result<std::string> Session::token(Plane plane) {
    if (const auto found = tokens_.find(plane); found != tokens_.end()) return found->second;
    const std::string& resource = plane == Plane::arm ? resource_manager : graph_resource;
    const std::string tenant = profile_.tenant.empty() ? "organizations" : percent_encode(profile_.tenant);
    const auto response =
        outbound::send({.method = "POST",
                        .url = fmt::format("{}/{}/oauth2/v2.0/token", profile_.server, tenant),
                        .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                        .body = fmt::format("grant_type=client_credentials&client_id={}&client_secret={}&scope={}",
                                            percent_encode(profile_.client_id), percent_encode(profile_.client_secret.reveal()),
                                            percent_encode(resource + "/.default")),
                        .ca_file = profile_.ca_file});
    if (!response) return unanswered(response.error(), profile_);
    if (response->status != 200) return refused(*response);
    const auto json = parse_json(response->body);
    const auto text = json ? find_string(*json, "access_token") : std::nullopt;
    if (!text) {
        return failure(ErrorCode::internal,
                       fmt::format("The answer of {} to the sign-in holds no token. Is it berth?", profile_.server));
    }
    return tokens_[plane] = std::string(*text);
}

Result<outbound::ClientResponse> Session::exchange(Plane plane, std::string_view method, const std::string& target,
                                                   const boost::json::value& body) {
    auto bearer = token(plane);
    if (!bearer) return failure(std::move(bearer));
    outbound::ClientRequest request{.method = std::string(method),
                                    .url = profile_.server + target,
                                    .headers = {{"Authorization", "Bearer " + *bearer}},
                                    .body = {},
                                    .ca_file = profile_.ca_file};
    if (!body.is_null()) {
        request.headers.emplace_back("Content-Type", "application/json");
        request.body = boost::json::serialize(body);
    }
    auto response = outbound::send(request);
    if (!response) return unanswered(response.error(), profile_);
    if (response->status >= 300) return refused(*response);
    return response;
}

Result<boost::json::value> Session::call(Plane plane, std::string_view method, const std::string& target,
                                         const boost::json::value& body) {
    const auto response = exchange(plane, method, target, body);
    if (!response) return std::unexpected(response.error());
    return document_of(*response);
}

Result<boost::json::value> Session::arm(std::string_view method, const std::string& path, const boost::json::value& body) {
    const char joint = path.find('?') == std::string::npos ? '?' : '&';
    return call(Plane::arm, method, fmt::format("{}{}api-version={}", path, joint, api_version(path)), body);
}

Result<boost::json::value> Session::graph(std::string_view method, const std::string& path, const boost::json::value& body) {
    return call(Plane::graph, method, "/v1.0" + path, body);
}

Result<boost::json::array> Session::list(Plane plane, std::string target) {
    boost::json::array out;
    while (true) {
        auto page = call(plane, "GET", target, nullptr);
        if (!page) return failure(std::move(page));
        const auto* items = find_member(*page, "value");
        if (items == nullptr || !items->is_array()) {
            return failure(ErrorCode::internal, fmt::format("The server's answer to GET {} is no list.", target));
        }
        for (const auto& item : items->get_array()) out.push_back(item);
        const auto next = find_string(*page, plane == Plane::arm ? "nextLink" : "@odata.nextLink");
        if (!next || next->empty()) return out;
        const std::string following = target_of(*next);
        if (following.empty() || following == target) {
            return failure(ErrorCode::internal, fmt::format("The server's link to the next page leads nowhere: {}", *next));
        }
        target = following;
    }
}

Result<boost::json::value> Session::arm_to_its_end(std::string_view method, const std::string& path,
                                                   const boost::json::value& body, bool wait, const Progress& progress) {
    const char joint = path.find('?') == std::string::npos ? '?' : '&';
    auto response = exchange(Plane::arm, method, fmt::format("{}{}api-version={}", path, joint, api_version(path)), body);
    if (!response) return std::unexpected(response.error());
    const std::string status_target = target_of(response->header("azure-asyncoperation"));
    const std::string result_target = target_of(response->header("location"));
    if (response->status != 202 || !wait || (status_target.empty() && result_target.empty())) return document_of(*response);
    while (true) {
        std::this_thread::sleep_for(pause_of(*response));
        if (status_target.empty()) { // the result alone says whether it is there yet
            response = exchange(Plane::arm, "GET", result_target, nullptr);
            if (!response) return std::unexpected(response.error());
            if (response->status != 202) return document_of(*response);
            continue;
        }
        response = exchange(Plane::arm, "GET", status_target, nullptr);
        if (!response) return std::unexpected(response.error());
        auto status = document_of(*response);
        if (!status) return status;
        const std::string_view state = find_string(*status, "status").value_or("");
        if (state == "Succeeded") break;
        if (state == "Failed" || state == "Canceled") return failure(ErrorCode::bad_request, message_of(*response));
        progress(*status);
    }
    if (result_target.empty()) return nullptr;
    return call(Plane::arm, "GET", result_target, nullptr);
}

Result<boost::json::array> Session::list_arm(const std::string& path) {
    const char joint = path.find('?') == std::string::npos ? '?' : '&';
    return list(Plane::arm, fmt::format("{}{}api-version={}", path, joint, api_version(path)));
}

Result<boost::json::array> Session::list_graph(const std::string& path) { return list(Plane::graph, "/v1.0" + path); }

Result<void> Session::sign_in() {
    auto subscriptions = list_arm("/subscriptions");
    if (!subscriptions) return failure(std::move(subscriptions));
    const auto* one = find_subscription(*subscriptions, profile_.subscription);
    if (one == nullptr && !profile_.subscription.empty()) {
        return failure(ErrorCode::not_found,
                       fmt::format("There is no subscription '{}' that you may see.", profile_.subscription));
    }
    if (one == nullptr) return {};
    profile_.subscription = find_string(*one, "subscriptionId").value_or("");
    profile_.tenant = find_string(*one, "tenantId").value_or(profile_.tenant);
    if (!profile_.resource_group.empty()) return {};
    auto groups = list_arm("/subscriptions/" + profile_.subscription + "/resourcegroups");
    if (!groups) return failure(std::move(groups));
    if (groups->size() == 1) profile_.resource_group = find_string(groups->front(), "name").value_or("");
    return {};
}

Result<std::string> Session::subscription_scope() {
    if (profile_.subscription.empty()) {
        if (auto found = sign_in(); !found) return failure(std::move(found));
    }
    if (!profile_.subscription.empty()) return "/subscriptions/" + profile_.subscription;
    return failure(ErrorCode::not_found,
                   "You see no subscription: nobody gave you a role in one yet. An administrator can, with "
                   "'berth role assignment create'.");
}

Result<std::string> Session::own_object_id() {
    auto bearer = token(Plane::arm);
    if (!bearer) return failure(std::move(bearer));
    const std::size_t begin = bearer->find('.') + 1;
    const auto bytes = from_base64url(std::string_view(*bearer).substr(begin, bearer->find('.', begin) - begin));
    const auto claims = bytes ? parse_json(as_text(*bytes)) : Result<boost::json::value>(boost::json::value());
    const auto id = claims ? find_string(*claims, "oid") : std::nullopt;
    if (!id) return failure(ErrorCode::internal, "The server's token does not say whose it is.");
    return std::string(*id);
}

} // namespace berth::app
