#pragma once

#include "http/message.hpp"
#include "storage/database.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace berth::data_plane {

/// A manifest, a small blob, a page of tags or of referrers as an answer needs it. Shared between requests; never changes.
struct HotItem {
    std::string digest; ///< as text; none of a page
    std::string entity_tag;
    std::string media_type; ///< of a manifest
    std::string link{};     ///< of a page: the Link field, or empty
    std::uint64_t size = 0;
    http::SharedText content; ///< nullptr where it was not asked for
};

/// Manifests, small blobs and pages of tags and referrers that were read lately. They count as long as nothing at all was
/// committed since they were read, so what they say is what the database would say: after a push, a deletion or a lock every
/// item is read anew. What was used lately stays; bounded in bytes. Whether the caller may have it is decided before, for each
/// request. Thread-safe.
class HotContent {
public:
    enum class Kind : char { manifest = 'm', blob = 'b', tags = 't', referrers = 'r' };

    explicit HotContent(const storage::Database& database) noexcept : database_(database) {}

    /// `reference` as the path has it, or what page it is. nullptr: read the database.
    std::shared_ptr<const HotItem> find(Kind kind, std::int64_t registry, std::string_view repository,
                                        std::string_view reference);
    /// Takes the item over. `version`: what the database's was before the item was read; without one nothing is kept.
    void keep(Kind kind, std::int64_t registry, std::string_view repository, std::string_view reference,
              std::optional<std::uint64_t> version, std::shared_ptr<const HotItem> item);

    /// Bytes of all that is kept, with what keeping it takes.
    std::size_t size() const;

private:
    static constexpr std::size_t shards = 16;
    static constexpr std::size_t most_item_bytes = 256 * 1024;
    // Two generations: a full young one becomes the old one, and what is found there moves to the young one.
    static constexpr std::size_t most_generation_bytes = 8UZ * 1024 * 1024 / shards;

    struct Entry {
        std::uint64_t version = 0;
        std::shared_ptr<const HotItem> item;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view key) const noexcept { return std::hash<std::string_view>{}(key); }
    };
    struct Generation {
        std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries;
        std::size_t bytes = 0;
    };
    struct Shard {
        mutable std::mutex mutex;
        Generation young;
        Generation old;
    };

    static void insert(Shard& shard, std::string key, Entry entry);
    Shard& shard_of(std::string_view key) { return shards_[Hash{}(key) % shards]; }

    const storage::Database& database_;
    std::array<Shard, shards> shards_;
};

} // namespace berth::data_plane
