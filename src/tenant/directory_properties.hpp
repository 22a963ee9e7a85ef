#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "storage/database.hpp"
#include "tenant/principal.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <vector>

/// What an object of the directory has beside what decisions need: the properties that Graph's clients set on it, and its
/// owners. Functions for use inside closures of `Database::read` and `write`.
namespace berth::tenant {

/// Largest JSON text of one object's properties, in bytes.
inline constexpr std::size_t largest_directory_properties = std::size_t{64} << 10;

/// The row of an object, with the properties in Graph's spelling; what was never set is missing.
struct DirectoryRecord {
    Guid id;
    Timestamp created_at{};
    boost::json::object properties;
    std::optional<boost::json::object> application; ///< of a service principal: the properties of its application
};

/// Those of all principals of a kind, in the order of their ids.
Result<std::vector<DirectoryRecord>> list_directory_records(storage::Session& session, PrincipalKind kind);
/// That of one principal; nullopt if there is none.
Result<std::optional<DirectoryRecord>> find_directory_record(storage::Session& session, const Guid& principal);

/// The properties of a principal or an application. `not_found`.
Result<boost::json::object> read_directory_properties(storage::Session& session, const Guid& id);
/// Replaces them. `not_found`; `limit_exceeded` above `largest_directory_properties`.
Result<void> set_directory_properties(storage::Session& session, const Guid& id, const boost::json::object& properties);

/// Where an application may be sent back to after signing in, by the kind of client that it is there.
struct RedirectUris {
    std::vector<std::string> web;
    std::vector<std::string> single_page; ///< Graph's `spa`
    std::vector<std::string> public_client;
};
/// Those that the application with this client id registered; none for an unknown one.
Result<RedirectUris> registered_redirect_uris(storage::Session& session, const Guid& application_id);

/// How many owners one object can have, as in Entra.
inline constexpr std::size_t max_directory_owners = 100;
/// Makes a user or service principal an owner of an application, service principal or group. `already_exists` if it is one,
/// `not_found` if either is unknown, `invalid_parameter` for an owner of another kind, `limit_exceeded`.
Result<void> add_directory_owner(storage::Session& session, const Guid& object, const Guid& owner);
/// `not_found` if it is none.
Result<void> remove_directory_owner(storage::Session& session, const Guid& object, const Guid& owner);
Result<std::vector<Guid>> list_directory_owners(storage::Session& session, const Guid& object);
/// What the principal owns: ids of applications, service principals and groups.
Result<std::vector<Guid>> list_owned_objects(storage::Session& session, const Guid& owner);
/// The groups that a principal is a direct member of.
Result<std::vector<Guid>> list_groups_of_member(storage::Session& session, const Guid& member);

} // namespace berth::tenant
