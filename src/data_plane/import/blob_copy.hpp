#pragma once

#include "data_plane/import/image_plan.hpp"
#include "data_plane/import/remote_registry.hpp"
#include "storage/blob_store.hpp"
#include "storage/database.hpp"

#include <atomic>
#include <cstdint>
#include <stop_token>

namespace berth::data_plane {

/// What copying blobs needs, the same for all blobs of an import.
struct BlobCopy {
    storage::Database& database;
    storage::BlobStore& blobs;
    const Clock& clock;
    RemoteRegistry& source;
    Guid operation;
    std::stop_token stop;
    std::atomic<std::uint64_t>& copied_bytes; ///< grows while bytes arrive; falls when a source begins anew
};

/// Fetches one blob, checks size and digest while it arrives, makes it durable and notes it for the operation
/// (`import_blobs`). Goes on where an earlier attempt stopped, that of an earlier run of the program included, if the source
/// can. False: the source does not have it and need not. `digest_invalid` or `size_invalid` for a source that lies,
/// `unavailable` when it gives up or was told to stop: then what arrived is kept for a later run.
Result<bool> copy_blob(const BlobCopy& copy, const PlannedBlob& blob);

} // namespace berth::data_plane
