#pragma once

#include "base/digest.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "storage/blob_store.hpp"
#include "storage/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Content whose bytes are not what its digest says: nobody is given it until a push brings whole bytes. Functions for
/// closures of `Database::read` and `write`.
namespace berth::data_plane {

/// Takes a blob's bytes away from everybody. `key` is the object that was found damaged, nullopt for bytes in the database.
/// Leaves an event. False if the blob is not there (any more) or has other bytes by now.
Result<bool> quarantine_blob(storage::Session& session, const Digest& digest, const std::optional<storage::StorageKey>& key,
                             std::string_view reason, Timestamp now);
/// The same for a manifest of a repository.
Result<bool> quarantine_manifest(storage::Session& session, std::int64_t repository, const Digest& digest,
                                 std::string_view reason, Timestamp now);

/// A blob has whole bytes again, or is gone: what was quarantined of it is forgotten, its object is given up.
Result<void> release_blob(storage::Session& session, const Digest& digest);
/// Puts whole bytes in the place of a quarantined manifest's.
Result<void> heal_manifest(storage::Session& session, std::int64_t repository, const Digest& digest, std::string_view content);
/// A manifest was deleted, or is new: what was quarantined of that digest in the repository is forgotten.
Result<void> forget_quarantined_manifest(storage::Session& session, std::int64_t repository, const Digest& digest);
/// The same for all manifests of a repository that is deleted.
Result<void> forget_quarantined_manifests(storage::Session& session, std::int64_t repository);
/// Forgets what was quarantined of manifests that have been deleted, or deleted and pushed again, since.
Result<void> forget_deleted_manifests(storage::Session& session);

/// How many blobs and manifests are quarantined now.
Result<std::int64_t> count_quarantined(storage::Session& session);

} // namespace berth::data_plane
