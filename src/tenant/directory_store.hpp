#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "storage/database.hpp"
#include "tenant/world.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <vector>

/// The rows of the directory: functions for use inside closures of `Database::read` and `write`. They check what only
/// the database knows (existence, uniqueness, limits) and leave the event to the caller, who knows the actor.
namespace berth::tenant {

struct Application {
    Guid id;             ///< object id of the application
    Guid application_id; ///< `appId`, the client id
    std::string display_name;
    Timestamp created_at{};
    boost::json::object properties{}; ///< what Graph's clients set beside (`directory_properties.hpp`)
};

/// A secret that was made for an application or a service principal; the value itself is shown once and never kept.
struct CredentialInfo {
    Guid key_id;
    std::string hint; ///< its first three characters
    std::optional<std::string> display_name;
    Timestamp starts_at{};
    Timestamp ends_at{};
};

Result<Application> create_application(storage::Session& session, const Guid& tenant, const std::string& display_name,
                                       Timestamp now);
/// `not_found` if there is none.
Result<Application> read_application(storage::Session& session, const Guid& id);
Result<std::optional<Application>> find_application(storage::Session& session, const Guid& application_id);
Result<std::vector<Application>> list_applications(storage::Session& session);
/// Renames the application and its service principal. `not_found`.
Result<void> rename_application(storage::Session& session, const Guid& id, const std::string& display_name);
/// Deletes the application with its secrets and its service principal. `not_found`.
Result<void> delete_application(storage::Session& session, const Guid& id);

/// `already_exists` if the application has one, `not_found` without such an application.
Result<Principal> create_service_principal(storage::Session& session, const Guid& tenant, const Guid& application_id,
                                           Timestamp now);
/// A user with a name, kept in lower case, and no password yet. `already_exists` for a name in use.
Result<Principal> create_user(storage::Session& session, const Guid& tenant, const std::string& display_name,
                              const std::string& user_principal_name, Timestamp now);
Result<Principal> create_group(storage::Session& session, const Guid& tenant, const std::string& display_name, Timestamp now);
/// Renames, enables, disables. `not_found`.
Result<void> update_principal(storage::Session& session, const Guid& id, const std::optional<std::string>& display_name,
                              std::optional<bool> enabled);
/// Gives a user another name, kept in lower case. `already_exists` for a name in use, `not_found`.
Result<void> rename_user(storage::Session& session, const Guid& id, const std::string& user_principal_name);
/// Replaces the custom security attributes of the principal: names `{set}_{name}`, each once. `not_found`;
/// `limit_exceeded` above 500 values.
Result<void> set_security_attributes(storage::Session& session, const Guid& id,
                                     const std::vector<rbac::SecurityAttribute>& attributes);
/// Those of the principal, sorted by name. `not_found`.
Result<std::vector<rbac::SecurityAttribute>> read_security_attributes(storage::Session& session, const Guid& id);
inline constexpr std::size_t max_security_attribute_values = 500; ///< of one principal, as in Azure
/// Deletes the principal with its credentials, memberships and directory roles. Its role assignments stay listed.
/// `not_found`; `invalid_parameter` for the identity of a resource, which ends with that.
Result<void> delete_principal(storage::Session& session, const Guid& id);

/// `already_exists` if it is a member, `not_found` if either is unknown.
Result<void> add_group_member(storage::Session& session, const Guid& group, const Guid& member);
/// `not_found` if it is no member.
Result<void> remove_group_member(storage::Session& session, const Guid& group, const Guid& member);
Result<std::vector<Guid>> list_group_members(storage::Session& session, const Guid& group);

/// The one directory role of this version.
inline constexpr std::string_view global_administrator_role = "GlobalAdministrator";
/// Whether somebody who is enabled holds the role.
Result<bool> is_directory_role_held(storage::Session& session, std::string_view role);
/// Gives the role; one that is held already stays. `not_found` for an unknown principal.
Result<void> add_directory_role(storage::Session& session, const Guid& principal, const std::string& role);
/// `not_found` if the principal does not hold it.
Result<void> remove_directory_role(storage::Session& session, const Guid& principal, const std::string& role);

/// How many secrets one owner can have: each is compared with what somebody signs in with.
inline constexpr std::size_t max_credentials = 100;
/// Keeps the hash of a secret for the owner (an application's or a principal's object id). `not_found` for an unknown
/// owner, `limit_exceeded` above `max_credentials`.
Result<void> add_credential(storage::Session& session, const Guid& owner, const CredentialInfo& info, const std::string& hash);
/// Oldest first.
Result<std::vector<CredentialInfo>> list_credentials(storage::Session& session, const Guid& owner);
/// `not_found` if the owner has no such secret.
Result<void> remove_credential(storage::Session& session, const Guid& owner, const Guid& key_id);
/// The hashes that hold now for a principal: its own and its application's.
struct StoredCredential {
    Guid key_id;
    std::string hash;
    Timestamp ends_at{};
};
Result<std::vector<StoredCredential>> valid_credentials(storage::Session& session, const Guid& principal, Timestamp now);
/// Until when a secret or certificate of the principal or its application holds, by its id; nullopt if it is gone, has ended
/// or has not begun.
Result<std::optional<Timestamp>> credential_holds_until(storage::Session& session, const Guid& principal, std::string_view id,
                                                        Timestamp now);

} // namespace berth::tenant
