#pragma once

#include "base/digest.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "storage/blob_store.hpp"
#include "storage/database.hpp"

#include <cstdint>
#include <optional>
#include <vector>

/// What may have become garbage, and taking it away: functions for closures of `Database::read` and `write`.
namespace berth::data_plane {

/// In place of a repository: only the blob itself is in question.
constexpr std::int64_t no_repository = 0;

/// A blob, or a repository's link to it, that the sweeper shall look at.
struct GarbageCandidate {
    Digest digest;
    std::int64_t repository = no_repository;
};

/// Queues a candidate; one that is queued already begins its grace anew.
Result<void> queue_garbage(storage::Session& session, const Digest& digest, std::int64_t repository, Timestamp now);
/// Candidates that were queued before `before`, at most `limit`.
Result<std::vector<GarbageCandidate>> list_garbage(storage::Session& session, Timestamp before, std::uint64_t limit);

/// What taking one candidate away did.
struct Collected {
    bool link = false;                         ///< a repository's link went
    bool blob = false;                         ///< the blob went
    std::optional<storage::StorageKey> object; ///< remove it once this is durable
};
/// Looks at one candidate again and takes away what nothing refers to: first the link, unless a manifest of its repository
/// lists the blob or it was sent again at `before` or later, then the blob, unless a repository links it or an import waits
/// with it. The candidate
/// goes in either case, unless it was queued again at `before` or later.
Result<Collected> collect(storage::Session& session, const GarbageCandidate& candidate, Timestamp before);

/// Notes an object of the blob store before it is written.
Result<void> insert_pending_object(storage::Session& session, const storage::StorageKey& key, Timestamp now);
/// The object is a blob's now: its note goes. False if the sweeper has given it up.
Result<bool> claim_pending_object(storage::Session& session, const storage::StorageKey& key);
/// Objects noted before `before`, at most `limit`: those given up, and those whose push came to no end.
Result<std::vector<storage::StorageKey>> list_pending_objects(storage::Session& session, Timestamp before, std::uint64_t limit);
/// From here on the object is nobody's and may be removed. False if it became a blob's in the meantime.
Result<bool> give_up_pending_object(storage::Session& session, const storage::StorageKey& key);
/// Notes an object that nothing refers to any more.
Result<void> insert_given_up_object(storage::Session& session, const storage::StorageKey& key);
/// Takes the note away, the object being gone.
Result<void> forget_object(storage::Session& session, const storage::StorageKey& key);

} // namespace berth::data_plane
