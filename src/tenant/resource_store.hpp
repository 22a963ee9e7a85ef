#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "rbac/scope.hpp"
#include "storage/database.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The rows of ARM resources, resource groups included: functions for closures of `Database::read` and `write`.
namespace berth::tenant {

struct Resource {
    std::int64_t row = 0;
    Guid guid;
    Guid tenant;
    Guid subscription;
    std::string resource_group; ///< its name as written
    std::string type;           ///< `Microsoft.ContainerRegistry/registries`, in Azure's spelling
    std::string name;
    rbac::Scope scope;
    std::string location;
    boost::json::object tags;
    std::optional<std::string> sku;
    boost::json::object properties;
    Timestamp created_at{};
    std::string created_by;
    Timestamp updated_at{};
    std::string updated_by;
    /// Its managed identities as ARM shows them (`type`, `principalId`, `tenantId`, `userAssignedIdentities`); empty: none.
    boost::json::object identity{};
};

/// The type that the id of a resource or resource group spells, in the id's own spelling; nullopt for what is no such id.
std::optional<std::string> resource_type_at(const rbac::Scope& scope);
/// nullopt if there is none.
Result<std::optional<Resource>> find_resource(storage::Session& session, const rbac::Scope& scope);
/// By its row, which stays the same when it moves.
Result<std::optional<Resource>> find_resource(storage::Session& session, std::int64_t row);
/// Creates; `already_exists` for the same scope, or for a registry name that is taken anywhere (names are global).
/// A registry comes with its system scope maps. Returns the row.
Result<std::int64_t> insert_resource(storage::Session& session, const Resource& resource);
/// Replaces location, tags, sku, properties, identity, updated_*; a registry whose role assignment mode changes gets another
/// epoch. `not_found`.
Result<void> update_resource(storage::Session& session, const Resource& resource);
/// Deletes one resource and all that hangs on it: the resources below it (those of a resource group too), a registry's
/// content, its tokens and scope maps, and the role and deny assignments and locks at or below it. Blobs that lost a link are
/// queued for the collector, as of `now`. `not_found`.
Result<void> delete_resource(storage::Session& session, const rbac::Scope& scope, Timestamp now = Clock().now());
/// Puts a resource, with what lies below it, into another resource group, maybe of another subscription: its row and guid stay,
/// and so does its content; ids inside its properties that name it or what lies below it are rewritten. Role assignments at
/// or below it are deleted: a name made anew at the old place starts with none. `not_found`; `already_exists` where the
/// target has one of that name; `conflict` while deny assignments or locks hang on it.
Result<void> move_resource(storage::Session& session, const rbac::Scope& scope, const Resource& target_group, Timestamp now);
/// One page, in the order of their scopes, which is name order within one group and type: resources of a type in a
/// subscription, in one resource group if given. Without a type: everything but resource groups, tokens and scope maps (Azure
/// lists none of them there). `after` is the scope's `key()` of the last one seen, empty at first; at most `limit`.
Result<std::vector<Resource>> list_resources(storage::Session& session, const Guid& subscription,
                                             std::optional<std::string_view> resource_group,
                                             std::optional<std::string_view> type, std::string_view after, std::size_t limit);

} // namespace berth::tenant
