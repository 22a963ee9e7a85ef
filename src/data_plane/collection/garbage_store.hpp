#pragma once

#include "base/digest.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "storage/blob_store.hpp"
#include "storage/database.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

/// What may have become garbage, and taking it away: functions for closures of `Database::read` and `write`.
namespace berth::data_plane {

/// In place of a repository: only the blob itself is in question.
constexpr std::int64_t no_repository = 0;

/// Why something may have become garbage.
enum class GarbageReason : std::uint8_t {
    unreferenced, ///< what referred to it was deleted
    unlisted,     ///< it was pushed or mounted, and no manifest has listed it yet
};
/// As `garbage_candidates.reason` keeps it.
std::string_view to_string(GarbageReason reason) noexcept;

/// A blob, or a repository's link to it, that the sweeper shall look at.
struct GarbageCandidate {
    Digest digest;
    std::int64_t repository = no_repository;
};

/// Queues a candidate because what referred to it goes; one that is queued already begins its grace anew.
Result<void> queue_garbage(storage::Session& session, const Digest& digest, std::int64_t repository, Timestamp now);
/// Queues a blob that was just linked to a repository, unless one of its manifests lists it.
Result<void> queue_unlisted(storage::Session& session, const Digest& digest, std::int64_t repository, Timestamp now);
/// A manifest of the repository lists the blob now: it is no candidate any more.
Result<void> unqueue_listed(storage::Session& session, const Digest& digest, std::int64_t repository);
/// Candidates of that reason that were queued before `before`, at most `limit`.
Result<std::vector<GarbageCandidate>> list_garbage(storage::Session& session, GarbageReason reason, Timestamp before,
                                                   std::uint64_t limit);

/// Whether the repository's link to the blob is a candidate that was queued before `before`.
Result<bool> is_queued(storage::Session& session, std::int64_t registry, std::string_view repository, const Digest& digest,
                       Timestamp before);
/// Begins the grace of such a candidate anew.
Result<void> renew_grace(storage::Session& session, std::int64_t registry, std::string_view repository, const Digest& digest,
                         Timestamp now);

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
/// Whether somebody copies objects at `now`, so that none may be removed: `collection_holds`.
Result<bool> is_collection_held(storage::Session& session, Timestamp now);
/// From here on the object is nobody's and may be removed. False if it became a blob's in the meantime.
Result<bool> give_up_pending_object(storage::Session& session, const storage::StorageKey& key);
/// Notes an object that nothing refers to any more.
Result<void> insert_given_up_object(storage::Session& session, const storage::StorageKey& key);
/// Takes the note away, the object being gone.
Result<void> forget_object(storage::Session& session, const storage::StorageKey& key);

} // namespace berth::data_plane
