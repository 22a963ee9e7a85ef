#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "storage/blob_store.hpp"
#include "storage/database.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <thread>

namespace berth::data_plane {

struct ScrubberOptions {
    /// How much is read in a second, at most.
    std::uint64_t bytes_per_second = 8 * 1024 * 1024;
    /// From the end of one round to the beginning of the next.
    std::chrono::seconds interval = std::chrono::hours(24 * 7);
};

/// What was done since the start.
struct ScrubCounts {
    std::uint64_t checked = 0;     ///< blobs and manifests
    std::uint64_t bytes = 0;       ///< of them
    std::uint64_t damaged = 0;     ///< found and quarantined
    std::uint64_t unreadable = 0;  ///< the disk gave an error: reported, tried again in the next round
    std::uint64_t quarantined = 0; ///< now, those of earlier rounds too
    std::int64_t last_round = 0;   ///< when the last whole round ended, seconds since 1970; 0 for never
};

/// Compares everything that is stored with its digest, slowly and again and again, on a thread of its own. What does not
/// match is quarantined at once. Where it stands is kept, so that it goes on there after a restart.
class Scrubber {
public:
    /// Begins at once; all of them must outlive it.
    Scrubber(storage::Database& database, storage::BlobStore& blobs, const Clock& clock, const ScrubberOptions& options);
    /// Stops within a moment.
    ~Scrubber();
    Scrubber(const Scrubber&) = delete;
    Scrubber& operator=(const Scrubber&) = delete;

    /// Thread-safe.
    ScrubCounts counts() const;

private:
    class Round;

    void work(const std::stop_token& stop);
    /// How long to wait before the next round, or the round after an error.
    Result<std::chrono::seconds> run_round(const std::stop_token& stop);
    Result<void> look_at_quarantine();

    storage::Database& database_;
    storage::BlobStore& blobs_;
    const Clock& clock_;
    ScrubberOptions options_;
    std::atomic<std::uint64_t> checked_ = 0;
    std::atomic<std::uint64_t> bytes_ = 0;
    std::atomic<std::uint64_t> damaged_ = 0;
    std::atomic<std::uint64_t> unreadable_ = 0;
    std::atomic<std::uint64_t> quarantined_ = 0;
    std::atomic<std::int64_t> last_round_ = 0;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::jthread thread_; // last: it uses all of the above
};

} // namespace berth::data_plane
