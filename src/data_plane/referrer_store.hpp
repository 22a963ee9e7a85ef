#pragma once

#include "base/digest.hpp"
#include "base/result.hpp"
#include "storage/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace berth::data_plane {

/// A page of referrers, ready to be sent.
struct ReferrerPage {
    std::string manifests;            ///< descriptors, a JSON array
    std::optional<Digest> next_after; ///< the last one of this page, when there are more
};

/// Manifests of the repository whose subject is `subject`, in the order of their digests behind `after`, hidden ones left
/// out, with an artifact type if one is asked for. A page ends at `limit` descriptors or before it grows over `most_bytes`;
/// it holds at least one if there is one.
Result<ReferrerPage> list_referrers(storage::Session& session, std::int64_t repository, const Digest& subject,
                                    std::optional<std::string_view> artifact_type, const std::optional<Digest>& after,
                                    std::uint64_t limit, std::uint64_t most_bytes);

} // namespace berth::data_plane
