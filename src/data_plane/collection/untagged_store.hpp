#pragma once

#include "base/digest.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "storage/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Manifests that no tag names, and taking them away where a policy wants that: functions for closures of
/// `Database::read` and `write`.
namespace berth::data_plane {

/// Notes that the manifest has no tag since `now`; nothing happens if it has one or is not there.
Result<void> note_untagged(storage::Session& session, std::int64_t repository, const Digest& digest, Timestamp now);
/// The same for the manifests that the index `parent`, which is about to go, lists.
Result<void> note_untagged_children(storage::Session& session, std::int64_t repository, const Digest& parent, Timestamp now);

/// Whether a policy that takes untagged manifests may take this one some day and it waits since before `before`: then asking
/// for it is worth a `renew_untagged`.
Result<bool> is_renewable(storage::Session& session, std::int64_t registry, std::string_view repository, const Digest& digest,
                          Timestamp before);
/// It waits since `now`, if it waits.
Result<void> renew_untagged(storage::Session& session, std::int64_t registry, std::string_view repository, const Digest& digest,
                            Timestamp now);

struct UntaggedManifest {
    std::int64_t repository = 0;
    Digest digest;
    Timestamp since{};
};
/// Those without a tag since before `before`, at most `limit`.
Result<std::vector<UntaggedManifest>> list_untagged(storage::Session& session, Timestamp before, std::uint64_t limit);

/// Whether a policy that takes untagged manifests may take this one.
enum class UntaggedFate : std::uint8_t {
    goes,
    tagged_again,
    listed,   ///< an index of its repository lists it
    referrer, ///< it has a subject, and goes with that
    locked,
    referred_to, ///< a manifest that would go with it, as its referrer, has a tag
    gone,        ///< it was deleted meanwhile
};
Result<UntaggedFate> fate_of(storage::Session& session, const UntaggedManifest& manifest);

/// Deletes it with its referrers, as a delete by digest does, if it may go; leaves an event. Otherwise it is no candidate
/// any more (one that is locked or referred to is looked at again when so much time has passed again). How many manifests went.
Result<std::uint64_t> collect_untagged(storage::Session& session, const UntaggedManifest& manifest, Timestamp now);

} // namespace berth::data_plane
