#pragma once

#include "base/byte_source.hpp"
#include "base/encoding.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "data_plane/upload_limits.hpp"
#include "storage/blob_store.hpp"
#include "storage/files/memory_budget.hpp"

#include <cstdint>

namespace berth::data_plane {

/// The largest blob, as of ACR (acr-data-plane section 4.1): 200 GiB.
constexpr std::uint64_t most_blob_bytes = 200ULL << 30U;

/// The first bytes of a body.
struct BodyFront {
    Bytes bytes;
    bool is_whole = false; ///< the body ended; it is to be read no more
};
/// Reads until the body ends or more than `limit` bytes are there; then one byte more than `limit` at least.
Task<Result<BodyFront>> read_front(ByteSource& body, std::uint64_t limit);

/// Appends the rest of a body to an upload, with 4 KiB of memory; while the bytes come fast through the writer's own room,
/// or, where that has none, 64 KiB out of `memory`.
/// `payload_too_large` when the upload would grow over `most_blob_bytes`; what `use` refuses when it would grow over a limit.
Task<Result<void>> append_rest(ByteSource& body, storage::UploadWriter& writer, storage::MemoryBudget& memory, UploadUse& use);

} // namespace berth::data_plane
