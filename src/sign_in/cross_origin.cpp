#include "sign_in/cross_origin.hpp"

#include "base/strict_json.hpp"
#include "gateway/response.hpp"
#include "tenant/directory_store.hpp"

#include <algorithm>

namespace berth::sign_in {
namespace {

using gateway::Context;
using gateway::Services;
using storage::Session;

bool is_of(std::string_view uri, std::string_view origin) {
    return uri.starts_with(origin) && (uri.size() == origin.size() || uri[origin.size()] == '/');
}

} // namespace

Task<Result<std::optional<std::string>>> allowed_origin(const Services& services, const Context& context) {
    const auto sent = context.request().headers.find("origin");
    if (!sent || (!sent->starts_with("https://") && !sent->starts_with("http://"))) co_return std::optional<std::string>();
    const std::string origin(*sent);
    auto read = [&](Session& session) -> Result<bool> {
        auto applications = tenant::list_applications(session);
        if (!applications) return failure(std::move(applications));
        return std::ranges::any_of(*applications, [&](const tenant::Application& application) {
            const auto* platform = application.properties.if_contains("spa");
            if (platform == nullptr) return false;
            const auto uris = find_strings(*platform, "redirectUris").value_or(std::vector<std::string>());
            return std::ranges::any_of(uris, [&](const std::string& uri) { return is_of(uri, origin); });
        });
    };
    auto reading = services.database.read(storage::ReadKind::scan, read);
    auto registered = co_await std::move(reading);
    if (!registered) co_return failure(std::move(registered));
    co_return *registered ? std::optional(origin) : std::optional<std::string>();
}

void allow_origin(http::Response& response, const std::string& origin) {
    response.headers.set("Access-Control-Allow-Origin", origin);
    response.headers.set("Vary", "Origin");
}

http::Response preflight(const Context& context, const std::optional<std::string>& origin) {
    auto response = gateway::empty_response(204);
    response.headers.set("Vary", "Origin");
    if (!origin) return response;
    allow_origin(response, *origin);
    response.headers.set("Access-Control-Allow-Methods", "POST, OPTIONS");
    response.headers.set("Access-Control-Max-Age", "600");
    const std::string_view asked = context.request().headers.find("access-control-request-headers").value_or("");
    const bool plain = std::ranges::all_of(asked, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == ',' || c == ' ';
    });
    if (plain && !asked.empty()) response.headers.set("Access-Control-Allow-Headers", asked);
    return response;
}

} // namespace berth::sign_in
