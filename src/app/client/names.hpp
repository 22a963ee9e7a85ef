#pragma once

#include "app/client/session.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

/// Who and what roles speak of, by names or ids.
namespace berth::app {

/// A user, group or service principal.
struct DirectoryName {
    std::string id;
    std::string type; ///< `User`, `Group`, `ServicePrincipal`; empty when the directory does not say
    std::string name;
    std::string client_id = {}; ///< of a service principal
};

enum class Wanted : std::uint8_t { anybody, user, service_principal, group };

/// The one that `name` means: an object id or client id, a user principal name, or a display name. A name that several bear
/// is `conflict`, and the message lists them; `not_found` for one that nobody bears. An object id that the caller may not
/// look up, or that is nobody's any more, is taken as it is when anybody is wanted.
Result<DirectoryName> resolve_name(Session& session, const std::string& name, Wanted wanted = Wanted::anybody);

/// Display names by object id, of those that the caller may look up: none when they may not read the directory.
std::map<std::string, std::string> display_names(Session& session, std::span<const std::string> ids);

/// The role of that name, GUID or ARM id as seen at the scope. `not_found`.
Result<std::string> resolve_role(Session& session, const std::string& scope, const std::string& role);

} // namespace berth::app
