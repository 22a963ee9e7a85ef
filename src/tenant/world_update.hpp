#pragma once

#include "base/result.hpp"
#include "storage/database.hpp"
#include "tenant/tenancy.hpp"
#include "tenant/world.hpp"
#include "tenant/world_changes.hpp"

namespace berth::tenant {

/// The parts of `previous` with the changes in them, everything else shared: what a whole reading would give, in the time
/// that the changes take. Inside this room only.
Result<WorldParts> read_changed_parts(storage::Session& session, const LoginServerNaming& naming, const World& previous,
                                      const WorldChanges& changes);

} // namespace berth::tenant
