#pragma once

#include "base/names.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "data_plane/attributes.hpp"
#include "data_plane/manifest_document.hpp"
#include "data_plane/precondition.hpp"
#include "storage/database.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The rows of manifests: functions for closures of `Database::read` and `write`. Deletion is in `manifest_deletion.hpp`,
/// the list of referrers in `referrer_store.hpp`.
namespace berth::data_plane {

struct StoredManifest {
    Digest digest;
    std::string media_type;
    std::uint64_t size = 0;
    std::string content; ///< when it was asked for
};

/// A manifest by tag or digest, by one query. `name_unknown`, `manifest_unknown`, or `operation_disallowed` if the tag, the
/// manifest or the repository is locked against reading.
Result<StoredManifest> read_manifest(storage::Session& session, std::int64_t registry, std::string_view repository,
                                     const Reference& reference, bool with_content);

/// A push of one manifest under a digest and perhaps some tags.
struct ManifestPush {
    std::int64_t registry = 0;
    std::string_view repository;
    const Digest& digest;
    const ManifestDocument& document;
    std::string_view content;
    /// nullptr: it is read from the config, if the manifest is new.
    const ImagePlatform* platform = nullptr;
    /// What the precondition is about: the tag or the digest of the path.
    const Reference& reference;
    const Precondition& precondition;
    /// All tags that shall point to it.
    std::span<const Tag> tags;
    Timestamp now{};
};
/// Stores it, points the tags to it, and says whether the repository is new. Nothing is changed when it fails:
/// `manifest_blob_unknown` with the digests that the repository does not link, `precondition_failed`,
/// `operation_disallowed` if the repository or a tag that would move is locked, `manifest_unknown` if no platform was given,
/// the manifest is new, and its config is not in the database or is too large to be read while others wait.
Result<bool> push_manifest(storage::Session& session, const ManifestPush& push);

/// Sets the locks of a manifest. `manifest_unknown`.
Result<void> set_manifest_attributes(storage::Session& session, std::int64_t repository, const Digest& digest,
                                     Attributes attributes, Timestamp now);

/// The one wording of `manifest_unknown`.
std::unexpected<Error> manifest_unknown(const Reference& reference);

} // namespace berth::data_plane
