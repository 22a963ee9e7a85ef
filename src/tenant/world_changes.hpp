#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "storage/database.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <utility>

namespace berth::tenant {

/// What changed between a world and now: which rows to look at again, there or gone.
struct WorldChanges {
    std::int64_t sequence = 0; ///< of the newest one
    bool places = false;       ///< tenants, subscriptions, management groups
    bool registries = false;
    bool tokens = false; ///< or scope maps
    bool locks = false;
    std::set<Guid> principals;
    std::set<std::pair<Guid, Guid>> memberships; ///< group, member
    std::set<Guid> role_definitions;
    std::set<Guid> role_assignments;
    std::set<Guid> deny_assignments;
};

/// Above this reading everything is cheaper.
inline constexpr std::int64_t most_changes = 1000;

/// The newest change; 0 when there never was one.
Result<std::int64_t> newest_change(storage::Session& session);
/// Everything after the change `since`. nullopt when a world of then cannot be brought up to date from it: it is older than
/// what is kept, from another database, or too much changed.
Result<std::optional<WorldChanges>> read_changes(storage::Session& session, std::int64_t since);

} // namespace berth::tenant
