#pragma once

#include "data_plane/import/image_plan.hpp"
#include "data_plane/import/import_request.hpp"
#include "data_plane/manifest_document.hpp"
#include "storage/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace berth::data_plane {

/// Where the blobs of an image are before the image is.
struct BlobOrigin {
    Guid operation;                           ///< held for this import (`import_blobs`), or
    std::optional<std::int64_t> repository{}; ///< linked by this repository: a source of this berth
};

/// An image that is complete, ready to become visible.
struct ImageCommit {
    std::int64_t registry = 0;
    const ImportRequest& request;
    const ImagePlan& plan;
    const BlobOrigin& origin;
    /// Of the images whose config is known, by manifest.
    const std::unordered_map<Digest, ImagePlatform>& platforms;
    std::string actor;
    Timestamp now{};
};

/// `conflict` if a tag is there that the import may not move.
Result<void> check_tags(storage::Session& session, std::int64_t registry, const ImportRequest& request);

/// Whether the blob needs to be fetched: it is neither held for the import nor linked by every repository it goes to. One
/// that another repository has is fetched all the same: a source may only name it, and naming reveals nothing.
Result<bool> is_wanted(storage::Session& session, std::int64_t registry, const ImportRequest& request, const BlobOrigin& origin,
                       const Digest& blob);

/// In one transaction: links the blobs, stores the manifests, points the tags, and appends the events, in every repository
/// the image goes to. `conflict` as above; `operation_disallowed` for locks, with force too; `unavailable` if a blob has gone
/// meanwhile: then the import begins anew.
Result<void> commit_image(storage::Session& session, const ImageCommit& commit);

} // namespace berth::data_plane
