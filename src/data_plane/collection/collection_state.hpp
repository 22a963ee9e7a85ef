#pragma once

#include "data_plane/collection/sweeper.hpp"

#include <optional>
#include <string>

/// What a server tells others about its collection, through the database that both have: functions for closures of
/// `Database::read` and `write`.
namespace berth::data_plane {

/// The server's policy, for those who ask what it would take.
Result<void> save_policy(storage::Session& session, const CollectionPolicy& policy);
/// nullopt before any server has served this data.
Result<std::optional<CollectionPolicy>> load_policy(storage::Session& session);

/// The end of a run that somebody asked for: what it took, or why it could not end.
struct AskedRun {
    Timestamp ended_at{};
    Swept swept;
    std::string failure; ///< empty: it ended well
};
Result<void> save_asked_run(storage::Session& session, const AskedRun& run);
Result<std::optional<AskedRun>> load_asked_run(storage::Session& session);

} // namespace berth::data_plane
