#pragma once

#include "base/result.hpp"
#include "storage/database.hpp"
#include "tenant/tenancy.hpp"
#include "tenant/world.hpp"

#include <memory>

namespace berth::tenant {

/// The world as the rows are in this snapshot, with its policy compiled, of the version after `previous` (1 without). What
/// did not change since `previous` is not read again but shared; where that cannot be told everything is read. `previous`
/// itself if nothing changed. `unavailable` while there is no tenant.
Result<std::shared_ptr<const World>> read_world(storage::Session& session, const LoginServerNaming& naming,
                                                const std::shared_ptr<const World>& previous);

} // namespace berth::tenant
