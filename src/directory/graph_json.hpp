#pragma once

#include "directory/graph_type.hpp"
#include "gateway/context.hpp"
#include "tenant/directory_properties.hpp"
#include "tenant/directory_store.hpp"
#include "tenant/world.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace berth::directory {

/// An application as Graph shows it, without `@odata.type`. The arrays of credentials are empty (az looks for both in
/// every answer, az-current (c)): `complete` fills them.
boost::json::object to_json(const tenant::Application& application);
/// A service principal, group or user as Graph shows it, with its `@odata.type`.
boost::json::object to_json(const tenant::World& world, const tenant::Principal& principal,
                            const tenant::DirectoryRecord& record);
/// `passwordCredentials`: what there is to know of secrets beside their values.
boost::json::array to_json(std::span<const tenant::CredentialInfo> credentials);

/// All objects of a kind, in the order of their ids.
Result<std::vector<boost::json::object>> list_entities(storage::Session& session, const tenant::World& world,
                                                       const GraphType& type);
/// One of any kind, with its `@odata.type` and its credentials; nullopt if there is none.
Result<std::optional<boost::json::object>> find_entity(storage::Session& session, const tenant::World& world, const Guid& id);
/// Those that are there.
Result<std::vector<boost::json::object>> find_entities(storage::Session& session, const tenant::World& world,
                                                       std::span<const Guid> ids);
/// Adds what is known of its secrets and certificates, if the type has them.
Result<void> complete(storage::Session& session, const GraphType& type, boost::json::object& entity);

/// The answer that is one object: with the `@odata.context` of its collection (`applications`), narrowed to `$select`.
http::Response entity_response(const gateway::Context& context, unsigned status, std::string_view collection,
                               boost::json::object entity);

} // namespace berth::directory
