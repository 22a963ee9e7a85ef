#pragma once

#include "base/result.hpp"
#include "data_plane/collection/survey.hpp"

#include <chrono>
#include <filesystem>

namespace berth::app {

/// What `berth gc` tells.
struct CollectionReport {
    bool served = false; ///< a server has the folder: it did what was done
    data_plane::CollectionPolicy policy;
    data_plane::GarbageSurvey survey;                     ///< of a dry run
    std::vector<std::filesystem::path> abandoned_uploads; ///< of a dry run: files
    data_plane::Swept swept;                              ///< of a run
};

/// Says what a run would take now, by the policy of the server that serves the folder or served it last.
Result<CollectionReport> survey_collection(const std::filesystem::path& data);
/// Collects now: a running server is told to and waited for, a folder that nobody serves is worked on here. `unavailable` if
/// the server does not end in time.
Result<CollectionReport> collect_now(const std::filesystem::path& data, std::chrono::seconds patience);

} // namespace berth::app
