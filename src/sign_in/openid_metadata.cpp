#include "sign_in/openid_metadata.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

namespace berth::sign_in {
namespace {

using boost::json::array;
using boost::json::object;

object document(std::string issuer, std::string authorize, std::string token, std::string keys) {
    return {{"issuer", std::move(issuer)},
            {"authorization_endpoint", std::move(authorize)},
            {"token_endpoint", std::move(token)},
            {"jwks_uri", std::move(keys)},
            {"token_endpoint_auth_methods_supported", array{"client_secret_post", "client_secret_basic"}},
            {"grant_types_supported", array{"client_credentials"}},
            {"response_types_supported", array{"code"}},
            {"response_modes_supported", array{"form_post"}},
            {"subject_types_supported", array{"pairwise"}},
            {"id_token_signing_alg_values_supported", array{"RS256"}},
            {"scopes_supported", array{"openid"}}};
}

} // namespace

object tenant_metadata(std::string_view base, std::string_view tenant_id, bool v2) {
    const std::string authority = fmt::format("{}/{}", base, tenant_id);
    return document(fmt::format("{}/v2.0", authority), fmt::format("{}/oauth2/{}authorize", authority, v2 ? "v2.0/" : ""),
                    fmt::format("{}/oauth2/{}token", authority, v2 ? "v2.0/" : ""),
                    fmt::format("{}/discovery/v2.0/keys", authority));
}

object adfs_metadata(std::string_view base) {
    return document(fmt::format("{}/adfs", base), fmt::format("{}/adfs/oauth2/authorize", base),
                    fmt::format("{}/adfs/oauth2/token", base), fmt::format("{}/adfs/discovery/keys", base));
}

} // namespace berth::sign_in
