#pragma once

#include "app/client/session.hpp"
#include "base/result.hpp"

#include <boost/json/value.hpp>

#include <string>

/// What the commands about roles ask of the server.
namespace berth::app {

/// The full scope that a user names: an ARM id as it is, or the registry of that name in the subscription, or with neither
/// the subscription. `not_found` for an unknown registry.
Result<std::string> resolve_scope(Session& session, const std::string& scope, const std::string& registry);

/// The object id that a user names by client id, object id, user principal name or display name (if only one bears it).
Result<std::string> resolve_principal(Session& session, const std::string& name);

/// The id of the role of that name (or GUID), as seen at the scope.
Result<std::string> resolve_role(Session& session, const std::string& scope, const std::string& role);

/// Assigns and returns the assignment as ARM shows it.
Result<boost::json::value> create_assignment(Session& session, const std::string& scope, const std::string& role,
                                             const std::string& assignee);
/// The assignments at, above and below the scope, of one principal if given.
Result<boost::json::array> list_assignments(Session& session, const std::string& scope, const std::string& assignee);
/// Deletes the assignments of a principal and role at exactly this scope and returns how many.
Result<std::size_t> delete_assignments(Session& session, const std::string& scope, const std::string& role,
                                       const std::string& assignee);

} // namespace berth::app
