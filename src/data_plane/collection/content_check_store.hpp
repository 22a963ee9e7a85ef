#pragma once

#include "base/digest.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "storage/blob_store.hpp"
#include "storage/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Walking through all stored content in an order that holds, and where such a walk stands: functions for closures of
/// `Database::read` and `write`.
namespace berth::data_plane {

/// Where a walk stands: after this blob or manifest.
struct ContentPosition {
    enum class Part : std::uint8_t { blobs, manifests };
    Part part = Part::blobs;
    std::int64_t repository = 0;  ///< of a manifest
    std::optional<Digest> digest; ///< nullopt: at the part's beginning
    Timestamp begun_at{};
    std::optional<Timestamp> ended_at;
};
Result<std::optional<ContentPosition>> load_position(storage::Session& session);
Result<void> save_position(storage::Session& session, const ContentPosition& position);

/// A blob or manifest that is not quarantined.
struct StoredContent {
    std::int64_t repository = 0; ///< of a manifest
    Digest digest;
    std::uint64_t size = 0;
    std::optional<storage::StorageKey> key; ///< of a blob that is an object, else
    std::string content;                    ///< the bytes
};
/// What comes after the position in its part, at most `limit`.
Result<std::vector<StoredContent>> list_content(storage::Session& session, const ContentPosition& position,
                                                std::uint64_t limit);

} // namespace berth::data_plane
