#pragma once

#include "base/time.hpp"
#include "storage/blob_store.hpp"

#include <mutex>
#include <unordered_set>

namespace berth::data_plane {

/// Remembers uploads that ended, so that a Location from before the first byte (which nothing in the store tells apart
/// from a new one) does not begin the same session again. Only in memory, bounded and for as long as such a Location may
/// be used: what slips through after a restart can do no more than a new upload. Thread-safe.
class EndedUploads {
public:
    /// At most this many of each half of a lifetime are remembered.
    static constexpr std::size_t most = 50'000;

    /// False if it had ended before: of two that end it at once, one does.
    bool end(const storage::UploadId& id, Timestamp now);
    /// It did not come to its end after all.
    void reopen(const storage::UploadId& id);
    bool has_ended(const storage::UploadId& id) const;

private:
    mutable std::mutex mutex_;
    Timestamp turned_at_{};
    std::unordered_set<std::size_t> recent_; // hashes: ids are random
    std::unordered_set<std::size_t> older_;
};

} // namespace berth::data_plane
