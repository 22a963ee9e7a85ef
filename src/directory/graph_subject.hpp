#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "directory/graph_type.hpp"
#include "gateway/context.hpp"

/// Which object a path names.
namespace berth::directory {

/// The object of that kind which the parameter `id` names: by object id, a user also by name. `not_found` as Graph words it.
Result<Guid> resolve_in(storage::Session& session, const gateway::Context& context, const GraphType& type);

/// The user who is signed in. `invalid_parameter` for an application, as Graph refuses it.
Result<Guid> signed_in_user(const gateway::Context& context);

} // namespace berth::directory
