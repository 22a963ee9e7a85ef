#include "sign_in/token_request.hpp"

#include "base/encoding.hpp"
#include "sign_in/entra_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace berth::sign_in {
namespace {

std::unexpected<Error> missing(std::string_view name) {
    return invalid_request(900144, fmt::format("The request body must contain the following parameter: '{}'.", name));
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

} // namespace

Result<TokenRequest> TokenRequest::parse(TokenForm form, std::string_view body, std::optional<std::string_view> authorization) {
    auto parameters = Parameters::parse(body);
    if (!parameters) {
        return invalid_request(900144, "The request body is no application/x-www-form-urlencoded form.");
    }
    std::set<std::string_view> names; // RFC 6749 section 3.2: none twice
    for (const auto& [name, value] : parameters->pairs()) {
        if (!names.insert(name).second) return invalid_request(9000411, fmt::format("The parameter '{}' is duplicated.", name));
    }
    TokenRequest out;
    out.form = form;
    out.parameters_ = std::move(*parameters);
    out.grant_type = out.find("grant_type");
    if (out.grant_type.empty()) return missing("grant_type");
    auto basic = parse_basic(authorization);
    if (!basic) return failure(std::move(basic));
    const std::string_view secret = out.find("client_secret");
    if (*basic && !secret.empty()) {
        return invalid_request(900144, "The client must be named in the body or in the Authorization header, not in both.");
    }
    out.client_id = *basic ? (*basic)->id : std::string(out.find("client_id"));
    out.client_secret = Secret(*basic ? (*basic)->secret : std::string(secret));
    out.client_assertion = out.find("client_assertion");
    if (out.client_id.empty()) return missing("client_id");
    return out;
}

std::string_view TokenRequest::find(std::string_view name) const noexcept { return parameters_.find(name).value_or(""); }

Result<std::string_view> TokenRequest::require(std::string_view name) const {
    const std::string_view value = find(name);
    if (value.empty()) return missing(name);
    return value;
}

} // namespace berth::sign_in
