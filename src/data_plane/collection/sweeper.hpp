#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "base/time.hpp"
#include "data_plane/collection/garbage_store.hpp"
#include "storage/blob_store.hpp"
#include "storage/database.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

namespace berth::data_plane {

/// How long an upload that nobody goes on with is kept; its Location is of no use any more then.
constexpr std::chrono::hours upload_rest_limit{25};

/// What counts as garbage, and when.
struct CollectionPolicy {
    /// How long what may be garbage is left alone: a push in progress may be about to refer to it.
    std::chrono::seconds grace = std::chrono::hours(24);
    /// Whether blobs that no manifest has listed yet are collected, too.
    bool unlisted_blobs = true;
    /// Manifests that have had no tag for so long are collected; nullopt keeps them all.
    std::optional<std::chrono::seconds> untagged_after{};
    /// How long an upload may rest.
    std::chrono::seconds upload_rest = upload_rest_limit;
};

/// What one run took away.
struct Swept {
    std::uint64_t links = 0;
    std::uint64_t blobs = 0;
    std::uint64_t objects = 0;
    std::uint64_t uploads = 0;
    std::uint64_t manifests = 0;

    Swept& operator+=(const Swept& other) noexcept;
    bool is_nothing() const noexcept { return links + blobs + objects + uploads + manifests == 0; }
};

/// Objects noted before they were written are left alone for so long at least: a push may be about to make one a blob.
constexpr std::chrono::hours least_rest_of_objects{1};

/// Collects garbage while the registry serves. It looks at what deletions queued, never at everything: a run costs what
/// the garbage costs. To be run again and again; several at once, of several processes too, do no harm.
class Sweeper {
public:
    /// Is told after each look at the uploads which were there, and when the look began. Called on any thread.
    using UploadsSeen = std::function<void(const std::vector<storage::UploadId>& left, Timestamp since)>;

    Sweeper(storage::Database& database, storage::BlobStore& blobs, const Clock& clock, CollectionPolicy policy = {},
            UploadsSeen uploads_seen = {});

    /// One run. What a failure leaves is taken by the next one.
    Task<Result<Swept>> sweep();
    /// All of it but the uploads: for a process that cannot know which of them are being written.
    Task<Result<Swept>> sweep_without_uploads();
    /// Ends runs after the step that they are at, this one and all later ones. Thread-safe.
    void stop() noexcept { stopping_.store(true, std::memory_order_relaxed); }
    /// All runs so far together. Thread-safe.
    Swept totals() const;

private:
    Task<Result<void>> sweep_content(Swept& swept);
    Task<Result<void>> sweep_untagged(Timestamp before, Swept& swept);
    Task<Result<void>> sweep_candidates(GarbageReason reason, Timestamp before, Swept& swept);
    Task<Result<void>> sweep_pending_objects(Timestamp before, Swept& swept);
    void add(const Swept& swept);

    storage::Database& database_;
    storage::BlobStore& blobs_;
    const Clock& clock_;
    CollectionPolicy policy_;
    UploadsSeen uploads_seen_;
    std::atomic<bool> stopping_ = false;
    mutable std::mutex mutex_;
    Swept totals_;
};

} // namespace berth::data_plane
