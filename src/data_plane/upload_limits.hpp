#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "storage/blob_store.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace berth::data_plane {

/// How many uploads may be open, and how many bytes they may have together; 0: not limited. The defaults are out of reach
/// for a thousand docker clients of one identity, and within reach for somebody who fills disks.
struct UploadLimitOptions {
    static constexpr std::uint64_t most_uploads = 1'000'000;
    static constexpr std::uint64_t most_bytes = std::uint64_t{1} << 60U;

    std::uint64_t identity_uploads = 5'000;
    std::uint64_t registry_uploads = 20'000;
    std::uint64_t identity_bytes = std::uint64_t{1} << 40U;
    std::uint64_t registry_bytes = std::uint64_t{4} << 40U;
};

/// To whom an upload counts. Views, for the length of a call.
struct UploadAccount {
    std::string_view registry;      ///< its immutable id
    std::string_view actor;         ///< as events record it
    std::string_view registry_name; ///< for messages
    std::string_view actor_name;    ///< for messages

    /// As the blob store keeps it with a paused upload.
    std::string to_owner() const;
};

class UploadUse;

/// Which uploads are open, whose they are and how many bytes they have, and how many there may be. An upload is open from its
/// POST until it is finished, cancelled or forgotten; a push in one request while the request runs. Its bytes are those that
/// were acknowledged and those that running requests have announced or sent beyond. One that was given out and has no bytes
/// counts for `rest_without_bytes` after its last request, and its Location is good all the same.
///
/// In memory only: nothing is written or asked on the way of a push. What a restart has to know is what the blob store keeps
/// (`restore`). Refusals are `too_many_requests` with `{"retryAfter": seconds}`, or `payload_too_large` for what no
/// waiting helps. Thread-safe.
class UploadLimits {
public:
    static constexpr std::chrono::minutes rest_without_bytes{15};
    /// More uploads without bytes are not counted, so that memory has a bound where nothing else has; the oldest are left out.
    static constexpr std::size_t most_without_bytes = 50'000;

    explicit UploadLimits(const Clock& clock, const UploadLimitOptions& options = {});
    UploadLimits(const UploadLimits&) = delete;
    UploadLimits& operator=(const UploadLimits&) = delete;

    /// An upload begins, and its Location is about to be given out.
    Result<void> begin(const storage::UploadId& id, const UploadAccount& account);
    /// A request works on an upload, which counts from here on if it did not before. `has_bytes`: it has acknowledged ones, and
    /// so is not refused. `total`: how many bytes it shall have, as far as that is known.
    Result<UploadUse> use(const storage::UploadId& id, const UploadAccount& account, bool has_bytes, std::uint64_t total);

    /// Counts what the blob store has of earlier runs; nothing is refused. For the start.
    void restore(const std::vector<storage::PausedUpload>& uploads);
    /// Forgets the bytes of uploads that no request has used since `since` and that are not in `left`, which is what the
    /// store had then.
    void keep_only(const std::vector<storage::UploadId>& left, Timestamp since);

    struct Totals {
        std::uint64_t uploads = 0;
        std::uint64_t bytes = 0;
    };
    Totals totals();
    /// Appends it all to the text for Prometheus.
    void write_metrics(std::string& out);

private:
    friend class UploadUse;
    enum class Limit : std::uint8_t { identity_uploads, registry_uploads, identity_bytes, registry_bytes };
    static constexpr std::size_t limits = 4;

    // An identity or a registry.
    struct Party {
        std::uint64_t uploads = 0;
        std::uint64_t bytes = 0;
        std::uint64_t requests = 0; // that run now
    };
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
    };
    using Parties = std::unordered_map<std::string, Party, TextHash, std::equal_to<>>;
    struct Upload;
    using Entry = std::pair<const storage::UploadId, Upload>;
    using Resting = std::list<Entry*>; // the longest first
    struct Upload {
        Parties::value_type* identity = nullptr;
        Parties::value_type* registry = nullptr;
        std::uint64_t kept = 0; // acknowledged
        std::uint32_t requests = 0;
        bool given_out = false; // somebody has its Location
        bool ended = false;
        bool rests_without_bytes = false; // is in `resting_`
        Timestamp used_at{};
        Resting::iterator resting{};
    };
    using Uploads = std::unordered_map<storage::UploadId, Upload>;

    // All of these with the mutex held.
    Result<void> admit(const UploadAccount& account, Timestamp now);
    Result<void> admit_bytes(const Entry& upload, const UploadAccount& account, std::uint64_t total, std::uint64_t more);
    Error refusal(Limit limit, const UploadAccount& account, const Party& party, std::uint64_t total, std::uint64_t more);
    Entry& add(const storage::UploadId& id, std::string_view registry, std::string_view actor);
    void add_bytes(Upload& upload, std::uint64_t more, std::uint64_t less);
    void rest(Entry& upload, Timestamp now);
    void stop_resting(Upload& upload);
    void erase(Entry& upload);
    void expire(Timestamp now, std::size_t most);
    std::uint64_t number(Limit limit) const noexcept;

    const Clock& clock_;
    const UploadLimitOptions options_;
    std::mutex mutex_;
    Uploads uploads_;
    Parties identities_;
    Parties registries_;
    Resting resting_;
    std::uint64_t bytes_ = 0;
    std::array<std::atomic<std::uint64_t>, limits> refused_{};
};

/// One request at work on an upload. What it announced is given back when it goes, however that comes about. Not
/// thread-safe; may go at any thread. The account's views and the limits must outlive it.
class UploadUse {
public:
    UploadUse(UploadUse&& other) noexcept;
    UploadUse& operator=(UploadUse&&) = delete;
    ~UploadUse();

    /// The store has so many acknowledged bytes of it.
    void found(std::uint64_t kept);
    /// It shall have so many bytes in all; before they are stored.
    Result<void> reserve(std::uint64_t total);
    /// The same for bytes that come one after the other and nobody knows how many: takes some ahead where there is room.
    Result<void> reserve_as_it_comes(std::uint64_t total);
    /// It has so many acknowledged bytes now.
    void keep(std::uint64_t kept);
    /// It is finished or cancelled, and nothing of it is left. True if other requests may have made the store keep some of it
    /// all the same: it is to be discarded there.
    bool end();

private:
    friend class UploadLimits;
    UploadUse(UploadLimits& limits, UploadLimits::Entry& upload, const UploadAccount& account) noexcept
        : limits_(&limits), upload_(&upload), account_(account) {}

    UploadLimits* limits_;
    UploadLimits::Entry* upload_;
    UploadAccount account_;
    std::uint64_t reserved_ = 0; // beyond what is kept
    std::uint64_t ceiling_ = 0;  // up to here there is room already
};

} // namespace berth::data_plane
