#include "sign_in/authorization_request.hpp"

#include "base/strict_json.hpp"
#include "sign_in/entra_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace berth::sign_in {
namespace {

constexpr std::array<std::pair<std::string_view, ResponseMode>, 3> modes{
    {{"query", ResponseMode::query}, {"fragment", ResponseMode::fragment}, {"form_post", ResponseMode::form_post}}};
constexpr std::array<std::string_view, 5> prompts{"", "none", "login", "select_account", "consent"};
constexpr std::size_t challenge_length = 43; // of a SHA-256 in base64url

std::string_view text(const Parameters& query, std::string_view name) { return query.find(name).value_or(""); }

std::optional<ResponseMode> parse_mode(std::string_view name) {
    if (name.empty()) return ResponseMode::query;
    const auto found = std::ranges::find(modes, name, &std::pair<std::string_view, ResponseMode>::first);
    return found == modes.end() ? std::nullopt : std::optional(found->second);
}

} // namespace

Result<Destination> Destination::parse(const Parameters& query, const ClientRegistration& client) {
    for (const std::string_view name : {"client_id", "redirect_uri", "response_mode", "state", "response_type"}) {
        if (query.all(name).size() > 1) return invalid_request(9000411, fmt::format("The parameter '{}' is duplicated.", name));
    }
    Destination out;
    out.redirect_uri = text(query, "redirect_uri");
    if (!client.redirect_kind(out.redirect_uri)) {
        return invalid_request(50011, fmt::format("The redirect URI '{}' specified in the request does not match the redirect "
                                                  "URIs configured for the application '{}'. Add it to the application, or "
                                                  "correct it where you came from.",
                                                  out.redirect_uri.substr(0, 200), client.id));
    }
    const auto mode = parse_mode(text(query, "response_mode"));
    if (!mode) {
        return invalid_request(900144, "The 'response_mode' must be 'query', 'fragment' or 'form_post'.");
    }
    out.mode = *mode;
    out.state = text(query, "state");
    return out;
}

Result<AuthorizationRequest> AuthorizationRequest::parse(TokenForm form, const Parameters& query,
                                                         const ClientRegistration& client, Destination destination) {
    for (const auto& [name, value] : query.pairs()) {
        if (query.all(name).size() > 1) return invalid_request(9000411, fmt::format("The parameter '{}' is duplicated.", name));
    }
    if (text(query, "response_type") != "code") {
        return entra_failure(ErrorCode::invalid_parameter, "unsupported_response_type", 700054,
                             "berth answers with a code only: send 'response_type=code'.");
    }
    AuthorizationRequest out;
    out.client_id = client.id;
    out.client_name = client.display_name;
    out.confidential = client.redirect_kind(destination.redirect_uri) == RedirectKind::web;
    out.destination = std::move(destination);
    out.code_challenge = text(query, "code_challenge");
    if (text(query, "code_challenge_method") != "S256" || out.code_challenge.size() != challenge_length) {
        return invalid_request(9002325, "Proof Key for Code Exchange is required for authorization code redemption: send a "
                                        "'code_challenge' with 'code_challenge_method=S256'.");
    }
    auto access = RequestedAccess::parse(form, text(query, "scope"), text(query, "resource"));
    if (!access) return failure(std::move(access));
    out.access = std::move(*access);
    out.nonce = text(query, "nonce");
    out.prompt = text(query, "prompt");
    if (std::ranges::find(prompts, out.prompt) == prompts.end()) {
        return invalid_request(90023, "The 'prompt' must be 'none', 'login', 'select_account' or 'consent'.");
    }
    out.login_hint = text(query, "login_hint");
    return out;
}

boost::json::object AuthorizationRequest::to_json() const {
    return {{"client_id", client_id},
            {"client_name", client_name},
            {"confidential", confidential},
            {"redirect_uri", destination.redirect_uri},
            {"mode", static_cast<int>(destination.mode)},
            {"state", destination.state},
            {"access", access.to_json()},
            {"nonce", nonce},
            {"code_challenge", code_challenge},
            {"prompt", prompt},
            {"login_hint", login_hint}};
}

std::optional<AuthorizationRequest> AuthorizationRequest::from_json(const boost::json::value& json) {
    const auto member = [&](std::string_view name) { return std::string(find_string(json, name).value_or("")); };
    const auto* asked = find_member(json, "access");
    auto access = asked != nullptr ? RequestedAccess::from_json(*asked) : std::nullopt;
    const auto mode = find_integer(json, "mode").value_or(-1);
    if (!access || mode < 0 || mode > static_cast<std::int64_t>(ResponseMode::form_post)) return std::nullopt;
    AuthorizationRequest out;
    out.client_id = member("client_id");
    out.client_name = member("client_name");
    out.confidential = find_bool(json, "confidential").value_or(true);
    out.destination = {member("redirect_uri"), static_cast<ResponseMode>(mode), member("state")};
    out.access = std::move(*access);
    out.nonce = member("nonce");
    out.code_challenge = member("code_challenge");
    out.prompt = member("prompt");
    out.login_hint = member("login_hint");
    return out;
}

} // namespace berth::sign_in
