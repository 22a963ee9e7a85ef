#pragma once

#include "base/digest.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "storage/blob_store.hpp"
#include "storage/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The rows of blobs and of the repositories that link them: functions for closures of `Database::read` and `write`. A
/// blob is reached through a repository that links it and in no other way.
namespace berth::data_plane {

/// Blobs up to this size live in the database; larger ones are objects of the blob store.
constexpr std::uint64_t most_small_blob_bytes = 64 * 1024;

struct StoredBlob {
    std::uint64_t size = 0;
    std::optional<storage::StorageKey> key; ///< an object of the blob store, or
    std::string content;                    ///< the bytes themselves, when they were asked for
};

/// A blob of a repository, by one query. `name_unknown`, `blob_unknown`, or `operation_disallowed` if the repository is
/// locked against reading.
Result<StoredBlob> read_blob(storage::Session& session, std::int64_t registry, std::string_view repository,
                             const Digest& digest, bool with_content);

/// Where new bytes are: in `content`, or the object `key`.
struct NewBlob {
    const Digest& digest;
    std::uint64_t size = 0;
    std::optional<storage::StorageKey> key;
    std::span<const std::byte> content;
};
/// Makes the blob known. False if it was already: then its bytes stay where they were, and the new ones are not needed.
Result<bool> insert_blob(storage::Session& session, const NewBlob& blob, Timestamp now);

/// Whether the blob is known and its bytes are there, in whatever repository.
Result<bool> is_stored(storage::Session& session, const Digest& digest);

/// Links a blob to a repository.
Result<void> link_blob(storage::Session& session, std::int64_t repository, const Digest& digest, Timestamp now);
/// Whether the repository links it.
Result<bool> is_linked(storage::Session& session, std::int64_t repository, const Digest& digest);
/// Takes the link away and queues the blob for collection. `blob_unknown` if it is not linked; `operation_disallowed` if a
/// locked manifest of the repository lists it.
Result<void> unlink_blob(storage::Session& session, std::int64_t repository, const Digest& digest, Timestamp now);

/// Repositories of the registry that link the blob and are not locked against reading, at most `limit`.
Result<std::vector<std::string>> repositories_with_blob(storage::Session& session, std::int64_t registry, const Digest& digest,
                                                        std::uint64_t limit);

/// The one wording of `blob_unknown`.
std::unexpected<Error> blob_unknown(const Digest& digest);

} // namespace berth::data_plane
