#include "sign_in/token_request.hpp"

#include "base/encoding.hpp"
#include "base/percent.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <array>

namespace berth::sign_in {
namespace {

std::unexpected<Error> invalid_request(std::int64_t number, std::string_view message) {
    return entra_failure(ErrorCode::invalid_parameter, "invalid_request", number, message);
}

std::unexpected<Error> missing(std::string_view name) {
    return invalid_request(900144, fmt::format("The request body must contain the following parameter: '{}'.", name));
}

// A parameter that must not be there twice (RFC 6749 section 3.2); empty is as good as missing.
Result<std::string_view> single(const Parameters& form, std::string_view name) {
    const auto all = form.all(name);
    if (all.size() > 1) return invalid_request(9000411, fmt::format("The parameter '{}' is duplicated.", name));
    return all.empty() ? std::string_view() : all.front();
}

struct Client {
    std::string id;
    std::string secret;
};

// `Basic base64(id:secret)`, both form-encoded (RFC 6749 section 2.3.1). Credentials of another scheme are none.
Result<std::optional<Client>> parse_basic(std::optional<std::string_view> authorization) {
    if (!authorization || !starts_with_ignoring_case(*authorization, "Basic ")) return std::optional<Client>();
    std::string_view encoded = authorization->substr(6);
    while (encoded.starts_with(' ')) encoded.remove_prefix(1);
    const auto decoded = from_base64(encoded);
    const std::string_view text = decoded ? as_text(*decoded) : std::string_view();
    const std::size_t colon = text.find(':');
    const auto id = colon == std::string_view::npos ? std::nullopt : percent_decode(text.substr(0, colon));
    const auto secret = colon == std::string_view::npos ? std::nullopt : percent_decode(text.substr(colon + 1));
    if (!id || !secret) {
        return invalid_request(900144, "The Authorization header must be Basic with base64 of 'client_id:client_secret'.");
    }
    return std::optional(Client{*id, *secret});
}

// The resource of `<resource>/.default`; what sign-in libraries add for users means nothing here.
Result<std::string> resource_of_scope(std::string_view scope) {
    constexpr std::array<std::string_view, 3> without_meaning{"openid", "profile", "offline_access"};
    constexpr std::string_view suffix = "/.default";
    std::string resource;
    for (std::string_view rest = scope; !rest.empty();) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        const std::string_view one = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (one.empty() || std::ranges::find(without_meaning, one) != without_meaning.end()) continue;
        if (!resource.empty() || !one.ends_with(suffix) || one.size() == suffix.size()) {
            return entra_failure(ErrorCode::invalid_parameter, "invalid_scope", 1002012,
                                 fmt::format("The provided value for scope {} is not valid. Client credential flows must "
                                             "have a scope value with /.default suffixed to the resource identifier "
                                             "(application ID URI).",
                                             scope));
        }
        resource = one.substr(0, one.size() - suffix.size());
    }
    if (resource.empty()) {
        return entra_failure(ErrorCode::invalid_parameter, "invalid_scope", 90014,
                             "The required field 'scope' is missing from the credential. Ensure that you have all the "
                             "necessary parameters for the login request.");
    }
    return resource;
}

Result<std::string> parse_resource(TokenForm form, const Parameters& parameters) {
    auto resource = single(parameters, "resource");
    if (!resource) return failure(std::move(resource));
    auto scope = single(parameters, "scope");
    if (!scope) return failure(std::move(scope));
    if (form != TokenForm::v2 && !resource->empty()) return std::string(*resource);
    if (form == TokenForm::v1) return missing("resource");
    return resource_of_scope(*scope);
}

} // namespace

std::unexpected<Error> entra_failure(ErrorCode code, std::string_view oauth_error, std::int64_t number,
                                     std::string_view message) {
    Error error{code, fmt::format("AADSTS{}: {}", number, message), boost::json::array{number}};
    error.protocol_code = oauth_error;
    return std::unexpected(std::move(error));
}

Result<TokenRequest> TokenRequest::parse(TokenForm form, std::string_view body, std::optional<std::string_view> authorization) {
    const auto parameters = Parameters::parse(body);
    if (!parameters) {
        return invalid_request(900144, "The request body is no application/x-www-form-urlencoded form.");
    }
    auto grant = single(*parameters, "grant_type");
    if (!grant) return failure(std::move(grant));
    if (grant->empty()) return missing("grant_type");
    if (*grant != "client_credentials") {
        return entra_failure(ErrorCode::invalid_parameter, "unsupported_grant_type", 70003,
                             fmt::format("The app requested an unsupported grant type '{}'. This version of berth serves "
                                         "'client_credentials'.",
                                         *grant));
    }
    auto basic = parse_basic(authorization);
    if (!basic) return failure(std::move(basic));
    auto id = single(*parameters, "client_id");
    if (!id) return failure(std::move(id));
    auto secret = single(*parameters, "client_secret");
    if (!secret) return failure(std::move(secret));
    if (*basic && !secret->empty()) {
        return invalid_request(900144, "The client must be named in the body or in the Authorization header, not in both.");
    }
    TokenRequest out;
    out.client_id = *basic ? (*basic)->id : std::string(*id);
    out.client_secret = Secret(*basic ? (*basic)->secret : std::string(*secret));
    if (out.client_id.empty()) return missing("client_id");
    auto assertion = single(*parameters, "client_assertion");
    if (!assertion) return failure(std::move(assertion));
    if (!assertion->empty()) {
        return entra_failure(ErrorCode::invalid_credentials, "invalid_client", 7000216,
                             "This version of berth takes a 'client_secret'; certificates and federated assertions "
                             "('client_assertion') are not part of it.");
    }
    if (out.client_secret.empty()) {
        return entra_failure(ErrorCode::invalid_credentials, "invalid_client", 7000216,
                             "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' "
                             "grant type.");
    }
    auto resource = parse_resource(form, *parameters);
    if (!resource) return failure(std::move(resource));
    out.resource = std::move(*resource);
    return out;
}

} // namespace berth::sign_in
