#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "gateway/context.hpp"
#include "gateway/services.hpp"
#include "tenant/directory_properties.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace berth::sign_in {

/// What a redirect URI says of its client: only one on the web can keep a secret.
enum class RedirectKind : std::uint8_t { web, single_page, public_client };

/// A client that people sign in to.
struct ClientRegistration {
    std::string id;           ///< client id, lower case
    std::string display_name; ///< for people
    tenant::RedirectUris redirect_uris;
    bool public_flows = false; ///< may ask without a redirect and without a secret: device codes, passwords

    /// Whether a browser may be sent there with a code (RFC 6749 section 3.1.2.3: compared whole; RFC 8252 section 7.3: on
    /// a loopback address any port). nullopt for every address that is not registered.
    std::optional<RedirectKind> redirect_kind(std::string_view uri) const;
};

/// Azure's command line, which every directory knows.
inline constexpr std::string_view azure_cli_client_id = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// The client with that id: an application of the directory with a service principal that is enabled, or Azure's command
/// line. `invalid_parameter` in Entra's words if there is none (`unauthorized_client`, AADSTS700016).
Task<Result<ClientRegistration>> find_client(const gateway::Services& services, const gateway::Context& context,
                                             std::string_view client_id);

} // namespace berth::sign_in
