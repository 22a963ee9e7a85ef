#pragma once

#include "base/result.hpp"
#include "storage/database.hpp"
#include "tenant/tenancy.hpp"
#include "tenant/world.hpp"

namespace berth::tenant {

/// Reads everything a world holds from one snapshot and compiles its policy. `unavailable` while there is no tenant.
Result<std::shared_ptr<const World>> read_world(storage::Session& session, const LoginServerNaming& naming,
                                                std::uint64_t version);

} // namespace berth::tenant
