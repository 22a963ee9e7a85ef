#pragma once

#include "control_plane/resource_type.hpp"

#include <boost/json/value.hpp>

namespace berth::control_plane {

/// Gives a resource the managed identities that `sent` (the body's `identity`, or null: as they are) asks for, in the
/// transaction that writes it. `SystemAssigned` makes a service principal that ends with the resource or with `None`; those
/// that are named must be there. With `replace` (PUT) the ids are these alone; else (PATCH) ids are added, and taken away by
/// null. `invalid_parameter` for a type that the resource type does not know and for ids of something else.
///
/// An identity gives the resource a name that roles can be given to. berth never signs in as one by itself.
Result<void> apply_identity(storage::Session& session, IdentityKinds kinds, const boost::json::value& sent, bool replace,
                            tenant::Resource& resource);

} // namespace berth::control_plane
