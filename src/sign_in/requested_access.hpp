#pragma once

#include "base/result.hpp"
#include "sign_in/token_request.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace berth::sign_in {

/// The resource that a program asks a token for, as it was asked: it becomes `aud`. `<resource>/.default` of the scope, or
/// `resource` where the endpoint's form has it.
Result<std::string> resource_for_client(const TokenRequest& request);

/// What a person's client asks for.
struct RequestedAccess {
    std::string resource;        ///< as it was asked; Graph's when only signing in was asked for, as Entra does
    std::string scope;           ///< the scopes that are granted, separated by spaces; answered as `scope`
    std::string permissions;     ///< what the token says in `scp`
    bool open_id = false;        ///< an id token was asked for
    bool offline_access = false; ///< a refresh token was asked for
    bool operator==(const RequestedAccess&) const = default;

    /// From a `scope` (several of one resource, `openid profile email offline_access` beside them), or from a v1
    /// `resource`, which stands for all of that. Failures are `invalid_scope` in Entra's words.
    static Result<RequestedAccess> parse(TokenForm form, std::string_view scope, std::string_view resource);

    /// For keeping it until tokens are made.
    boost::json::object to_json() const;
    static std::optional<RequestedAccess> from_json(const boost::json::value& json);
};

} // namespace berth::sign_in
