#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "base/time.hpp"
#include "storage/blob_store.hpp"
#include "storage/database.hpp"

#include <chrono>
#include <cstdint>

namespace berth::data_plane {

struct SweeperOptions {
    /// How long what may be garbage is left alone: a push in progress may be about to refer to it.
    std::chrono::seconds grace = std::chrono::hours(1);
    /// How long an upload may rest; its Location is of no use afterwards.
    std::chrono::seconds upload_rest = std::chrono::hours(25);
};

/// What one run took away.
struct Swept {
    std::uint64_t links = 0;
    std::uint64_t blobs = 0;
    std::uint64_t objects = 0;
    std::uint64_t uploads = 0;
};

/// Collects garbage while the registry serves. It looks at what deletions queued, never at everything: a run costs what
/// the garbage costs. To be run every minute, one run at a time.
class Sweeper {
public:
    Sweeper(storage::Database& database, storage::BlobStore& blobs, const Clock& clock, SweeperOptions options = {});

    /// One run. What a failure leaves is taken by the next one.
    Task<Result<Swept>> sweep();

private:
    Task<Result<void>> sweep_candidates(Timestamp before, Swept& swept);
    Task<Result<void>> sweep_pending_objects(Timestamp before, Swept& swept);

    storage::Database& database_;
    storage::BlobStore& blobs_;
    const Clock& clock_;
    SweeperOptions options_;
};

} // namespace berth::data_plane
