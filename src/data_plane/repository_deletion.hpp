#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "data_plane/manifest_deletion.hpp"
#include "storage/database.hpp"

#include <cstdint>
#include <string_view>

namespace berth::data_plane {

/// Deletes a repository with all that is in it and queues its blobs for collection; what went is returned. For closures of
/// `Database::write`. `name_unknown`; `operation_disallowed` if the repository, or a manifest or tag in it, is locked.
Result<DeletedManifests> delete_repository(storage::Session& session, std::int64_t registry, std::string_view name,
                                           Timestamp now);

} // namespace berth::data_plane
