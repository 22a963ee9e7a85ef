#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "base/worker_pool.hpp"
#include "storage/blob_store.hpp"

#include <cstdint>
#include <string>

namespace berth::data_plane {

/// Reads a whole object of at most `limit` bytes; `payload_too_large` for a larger one.
Task<Result<std::string>> read_object(storage::BlobStore& blobs, WorkerPool& workers, const storage::StorageKey& key,
                                      std::uint64_t limit);

} // namespace berth::data_plane
