#pragma once

#include "data_plane/import/image_source.hpp"
#include "data_plane/manifest_document.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace berth::data_plane {

struct PlannedManifest {
    Digest digest;
    ManifestDocument document;
    std::string content;
};

struct PlannedBlob {
    Digest digest;
    std::uint64_t size = 0;
    bool lives_elsewhere = false; ///< a layer that lives at another address: the source need not have it
};

/// All that an image consists of, read whole and checked: what has to be there before a tag may point to it.
struct ImagePlan {
    Digest root;
    std::vector<PlannedManifest> manifests; ///< each once; what an index lists comes before it
    std::vector<PlannedBlob> blobs;         ///< each once
    std::uint64_t bytes = 0;                ///< of the blobs
};

/// How much one import may be.
struct PlanLimits {
    std::size_t manifests = 10'000;
    std::size_t manifest_bytes = 128 * 1024 * 1024;
    std::size_t blobs = 100'000;
    std::size_t depth = 16; ///< indexes in indexes
};

/// Reads a manifest, what it lists, and, if asked for, what refers to any of them. `digest_invalid` for bytes that have not
/// the digest that led to them, `size_invalid` for another size than was promised, `manifest_unknown` for a child that the
/// source does not have, `manifest_invalid`, `limit_exceeded`. `read` is called after each manifest; false ends it.
Result<ImagePlan> plan_image(ImageSource& source, const Reference& reference, bool include_referrers,
                             const std::function<bool(std::size_t manifests)>& read, const PlanLimits& limits = {});

} // namespace berth::data_plane
