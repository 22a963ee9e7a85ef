#pragma once

#include "base/percent.hpp"
#include "base/result.hpp"
#include "sign_in/client_registration.hpp"
#include "sign_in/requested_access.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace berth::sign_in {

/// How the answer goes back to the client (OAuth 2.0 Multiple Response Types, section 2.1; Form Post Response Mode).
enum class ResponseMode : std::uint8_t { query, fragment, form_post };

/// Where the answer goes: known to be the client's before anything is sent there.
struct Destination {
    std::string redirect_uri;
    ResponseMode mode = ResponseMode::query;
    std::string state;

    /// `invalid_parameter` when the redirect URI is missing or not one of the client's: then nothing may be sent there and
    /// the person is told.
    static Result<Destination> parse(const Parameters& query, const ClientRegistration& client);
};

/// What a client asks for when it sends a browser (RFC 6749 section 4.1.1, with RFC 7636 and OpenID Connect Core 3.1.2.1).
struct AuthorizationRequest {
    std::string client_id;
    std::string client_name;
    bool confidential = false; ///< of a client on the web: it has to prove itself when it redeems the code
    Destination destination;
    RequestedAccess access;
    std::string nonce;
    std::string code_challenge;
    std::string prompt;     ///< `none`, `login`, `select_account`, `consent` or empty
    std::string login_hint; ///< the name to begin with

    /// Failures go to the client: `Error::protocol_code` is the OAuth error.
    static Result<AuthorizationRequest> parse(TokenForm form, const Parameters& query, const ClientRegistration& client,
                                              Destination destination);

    /// For keeping it sealed while the person signs in.
    boost::json::object to_json() const;
    static std::optional<AuthorizationRequest> from_json(const boost::json::value& json);
};

} // namespace berth::sign_in
