#pragma once

#include "base/digest.hpp"
#include "base/names.hpp"
#include "base/result.hpp"

#include <optional>
#include <string>
#include <vector>

namespace berth::data_plane {

/// A manifest as its source gave it; nothing about it is checked yet.
struct SourceManifest {
    std::string content;
    std::optional<std::string> media_type; ///< what the source calls it
    std::optional<Digest> digest;          ///< what the source says it has
};

/// One repository to import from: another server's, or one of this berth. Blocks; for one thread at a time.
class ImageSource {
public:
    virtual ~ImageSource() = default;
    /// `manifest_unknown` if there is none.
    virtual Result<SourceManifest> manifest(const Reference& reference) = 0;
    /// The digests of the manifests whose subject it is; none where the source cannot say.
    virtual Result<std::vector<Digest>> referrers(const Digest& subject) = 0;
};

} // namespace berth::data_plane
