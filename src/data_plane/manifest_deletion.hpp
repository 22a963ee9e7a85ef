#pragma once

#include "base/digest.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "storage/database.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace berth::data_plane {

/// What went with a deleted manifest.
struct DeletedManifests {
    std::vector<Digest> manifests; ///< the one that was named first, then those that referred to it
    std::vector<std::string> tags;
};

/// Deletes a manifest of a repository with the tags that point to it and, as ACR does, the manifests whose subject it is
/// and theirs in turn; one that is locked stays. Queues the blobs they listed for collection. At most this many in one
/// transaction; what is beyond stays without its subject. `manifest_unknown`, or `operation_disallowed` if the manifest, one
/// of its tags or a tag of what would go with it is locked.
constexpr std::size_t most_deleted_manifests = 10'000;
Result<DeletedManifests> delete_manifest(storage::Session& session, std::int64_t repository, const Digest& digest,
                                         Timestamp now);

} // namespace berth::data_plane
