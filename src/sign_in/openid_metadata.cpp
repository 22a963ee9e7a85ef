#include "sign_in/openid_metadata.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

namespace berth::sign_in {
namespace {

using boost::json::array;
using boost::json::object;

// `endpoints` is what authorize, token, devicecode and logout are below.
object document(std::string issuer, std::string_view endpoints, std::string keys) {
    return {{"issuer", std::move(issuer)},
            {"authorization_endpoint", fmt::format("{}authorize", endpoints)},
            {"token_endpoint", fmt::format("{}token", endpoints)},
            {"device_authorization_endpoint", fmt::format("{}devicecode", endpoints)},
            {"end_session_endpoint", fmt::format("{}logout", endpoints)},
            {"jwks_uri", std::move(keys)},
            {"token_endpoint_auth_methods_supported",
             array{"client_secret_post", "client_secret_basic", "private_key_jwt", "none"}},
            {"grant_types_supported", array{"authorization_code", "client_credentials", "password", "refresh_token",
                                            "urn:ietf:params:oauth:grant-type:device_code"}},
            {"response_types_supported", array{"code"}},
            {"response_modes_supported", array{"query", "fragment", "form_post"}},
            {"code_challenge_methods_supported", array{"S256"}},
            {"subject_types_supported", array{"public"}},
            {"id_token_signing_alg_values_supported", array{"RS256"}},
            {"claims_supported", array{"sub", "iss", "aud", "exp", "iat", "nonce", "oid", "tid", "name", "preferred_username"}},
            {"scopes_supported", array{"openid", "profile", "email", "offline_access"}}};
}

} // namespace

object tenant_metadata(std::string_view base, std::string_view tenant_id, bool v2) {
    const std::string authority = fmt::format("{}/{}", base, tenant_id);
    return document(fmt::format("{}/v2.0", authority), fmt::format("{}/oauth2/{}", authority, v2 ? "v2.0/" : ""),
                    fmt::format("{}/discovery/v2.0/keys", authority));
}

object adfs_metadata(std::string_view base) {
    return document(fmt::format("{}/adfs", base), fmt::format("{}/adfs/oauth2/", base),
                    fmt::format("{}/adfs/discovery/keys", base));
}

} // namespace berth::sign_in
