#pragma once

#include "base/digest.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "base/time.hpp"
#include "gateway/context.hpp"
#include "storage/blob_store.hpp"
#include "storage/database.hpp"
#include "storage/events.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace berth::data_plane {

/// Where and by whom a blob is pushed, and the events of it, made before the transaction that appends them.
struct BlobPush {
    std::int64_t registry = 0;
    std::string repository;
    Digest digest;
    Timestamp now{};
    storage::Event pushed;
    storage::Event repository_created;

    /// `kind` names the event: `blob.push` or `blob.mount`.
    static BlobPush of(const gateway::Context& context, const Digest& digest, std::string kind, std::uint64_t size);
};

/// In a transaction: the repository, its link to a blob that is known, and the events.
Result<void> link_pushed_blob(storage::Session& session, const BlobPush& push);

/// What links a blob that has just become known, in the same transaction.
using LinkBlob = std::function<Result<void>(storage::Session&)>;

/// Makes bytes whose digest was checked a blob, in the database. One durable transaction.
Task<Result<void>> store_small_blob(storage::Database& database, const Digest& digest, std::span<const std::byte> content,
                                    Timestamp now, const LinkBlob& link);

/// The same with the bytes of an upload as an object of the blob store: its key is noted, then the object made durable,
/// then row and link made in one transaction; true. False: the blob was known already and is linked; the upload is as it
/// was, and nobody needs it.
Task<Result<bool>> store_upload(storage::Database& database, storage::BlobStore& blobs, const Digest& digest,
                                storage::UploadWriter& writer, Timestamp now, const LinkBlob& link);

/// `store_small_blob` as a blob of the repository.
Task<Result<void>> commit_small_blob(storage::Database& database, const BlobPush& push, std::span<const std::byte> content);

/// `store_upload` as a blob of the repository.
Task<Result<bool>> commit_upload(storage::Database& database, storage::BlobStore& blobs, const BlobPush& push,
                                 storage::UploadWriter& writer);

} // namespace berth::data_plane
