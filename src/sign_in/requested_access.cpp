#include "sign_in/requested_access.hpp"

#include "base/strict_json.hpp"
#include "sign_in/entra_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace berth::sign_in {
namespace {

constexpr std::string_view default_suffix = "/.default";
constexpr std::string_view whole_access = "user_impersonation"; // what Entra calls "as the person", with all their rights
constexpr std::string_view graph = "https://graph.microsoft.com";
constexpr std::array<std::string_view, 4> of_sign_in{"openid", "profile", "email", "offline_access"};
constexpr std::size_t most_scopes = 32;

std::vector<std::string_view> words(std::string_view text) {
    std::vector<std::string_view> out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        if (end > 0) out.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

bool is_of_sign_in(std::string_view scope) { return std::ranges::find(of_sign_in, scope) != of_sign_in.end(); }

std::unexpected<Error> invalid_scope(std::int64_t number, std::string_view message) {
    return entra_failure(ErrorCode::invalid_parameter, "invalid_scope", number, message);
}

std::unexpected<Error> no_scope() {
    return invalid_scope(90014, "The required field 'scope' is missing from the credential. Ensure that you have all the "
                                "necessary parameters for the login request.");
}

} // namespace

Result<std::string> resource_for_client(const TokenRequest& request) {
    const std::string_view asked = request.find("resource");
    if (request.form != TokenForm::v2 && !asked.empty()) return std::string(asked);
    if (request.form == TokenForm::v1) {
        auto there = request.require("resource");
        if (!there) return failure(std::move(there));
    }
    const std::string_view scope = request.find("scope");
    std::string resource;
    for (const std::string_view one : words(scope)) {
        if (is_of_sign_in(one)) continue; // what sign-in libraries add for people means nothing here
        if (!resource.empty() || !one.ends_with(default_suffix) || one.size() == default_suffix.size()) {
            return invalid_scope(1002012, fmt::format("The provided value for scope {} is not valid. Client credential flows "
                                                      "must have a scope value with /.default suffixed to the resource "
                                                      "identifier (application ID URI).",
                                                      scope));
        }
        resource = one.substr(0, one.size() - default_suffix.size());
    }
    if (resource.empty()) return no_scope();
    return resource;
}

Result<RequestedAccess> RequestedAccess::parse(TokenForm form, std::string_view scope, std::string_view resource) {
    RequestedAccess out;
    if (form != TokenForm::v2 && !resource.empty()) {
        out.resource = resource;
        out.scope = whole_access;
        out.permissions = whole_access;
        out.open_id = out.offline_access = true;
        return out;
    }
    if (scope.empty()) return no_scope();
    const auto asked = words(scope);
    if (asked.size() > most_scopes)
        return invalid_scope(70011, "The provided value for the input parameter 'scope' is too long.");
    const auto granted = [&](std::string_view one) { out.scope += fmt::format("{}{}", out.scope.empty() ? "" : " ", one); };
    for (const std::string_view one : asked) {
        if (is_of_sign_in(one)) {
            out.open_id = out.open_id || one == "openid";
            out.offline_access = out.offline_access || one == "offline_access";
            granted(one);
            continue;
        }
        // `https://management.azure.com//.default`: the resource keeps its own slash. A bare word is one of Graph's.
        const std::size_t slash = one.rfind('/');
        const std::string_view of = slash == std::string_view::npos ? graph : one.substr(0, slash);
        const std::string_view permission = slash == std::string_view::npos ? one : one.substr(slash + 1);
        if (of.empty() || permission.empty() || (!out.resource.empty() && out.resource != of)) {
            return invalid_scope(70011,
                                 fmt::format("The provided value for the input parameter 'scope' is not valid. The scope "
                                             "'{}' is not valid: ask for one resource, as '<resource>/.default'.",
                                             scope));
        }
        out.resource = of;
        granted(one);
        // berth gives a person's client all that the person may do; what was asked for beyond that is only named.
        const std::string_view named = permission == ".default" ? whole_access : permission;
        if (!out.permissions.empty()) out.permissions += ' ';
        out.permissions += named;
    }
    if (out.resource.empty()) {
        out.resource = graph;
        out.permissions = "User.Read";
    }
    return out;
}

boost::json::object RequestedAccess::to_json() const {
    return {{"resource", resource},
            {"scope", scope},
            {"permissions", permissions},
            {"open_id", open_id},
            {"offline_access", offline_access}};
}

std::optional<RequestedAccess> RequestedAccess::from_json(const boost::json::value& json) {
    const auto resource = find_string(json, "resource");
    const auto scope = find_string(json, "scope");
    const auto permissions = find_string(json, "permissions");
    const auto open_id = find_bool(json, "open_id");
    const auto offline_access = find_bool(json, "offline_access");
    if (!resource || !scope || !permissions || !open_id || !offline_access) return std::nullopt;
    return RequestedAccess{std::string(*resource), std::string(*scope), std::string(*permissions), *open_id, *offline_access};
}

} // namespace berth::sign_in
