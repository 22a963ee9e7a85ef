#pragma once

#include "gateway/context.hpp"
#include "tenant/directory_store.hpp"
#include "tenant/world.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <span>

namespace berth::directory {

/// An application as Graph shows it; the arrays of credentials are empty and filled in by whoever has them (az looks for
/// both, azure-rbac-and-arm and az-current (c)).
boost::json::object to_json(const tenant::Application& application);
/// A service principal, group or user as Graph shows it, with its `@odata.type`.
boost::json::object to_json(const tenant::World& world, const tenant::Principal& principal);
/// `passwordCredentials`: what there is to know of secrets beside their values.
boost::json::array to_json(std::span<const tenant::CredentialInfo> credentials);

/// The answer that is one object: with the `@odata.context` of its collection (`applications`).
http::Response entity_response(const gateway::Context& context, unsigned status, std::string_view collection,
                               boost::json::object entity);

} // namespace berth::directory
