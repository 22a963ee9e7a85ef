#pragma once

#include "data_plane/collection/sweeper.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace berth::data_plane {

/// One thing that a run would take away now.
struct GarbageFinding {
    std::string what;       ///< manifest, link, blob, object
    std::string registry;   ///< of a manifest or link; empty if it is gone
    std::string repository; ///< the same
    std::string name;       ///< its digest, or the key of an object
    std::uint64_t bytes = 0;
    Timestamp since{};
    std::string why;
};

/// What a run with this policy would do at `now`.
struct GarbageSurvey {
    std::vector<GarbageFinding> findings; ///< the first of them
    Swept would;                          ///< all of them, by kind; without uploads, which are no rows
    std::uint64_t bytes = 0;              ///< that blobs would give back
    std::uint64_t waiting = 0;            ///< candidates whose grace has not ended
    std::uint64_t untagged = 0;           ///< manifests without a tag that stay by policy or for now
    bool held = false;                    ///< objects stay for now: somebody copies them
};
/// For closures of `Database::read`. Blobs of manifests that would go are not among the findings: their own grace begins
/// then.
Result<GarbageSurvey> survey_garbage(storage::Session& session, const CollectionPolicy& policy, Timestamp now,
                                     std::size_t most_findings);

} // namespace berth::data_plane
