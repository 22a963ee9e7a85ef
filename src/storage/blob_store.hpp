#pragma once

#include "base/byte_source.hpp"
#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "base/file_descriptor.hpp"
#include "base/guid.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace berth::storage {

/// Names an object in the store: unique per upload, made by berth (a GUID), never derived from outside input.
using StorageKey = Guid;
/// Names an upload session's bytes: the random id inside its sealed `Location`.
using UploadId = Guid;

/// A stored object, open for reading. A part of a file goes to the socket without passing through memory; other stores
/// give a source.
struct OpenObject {
    std::uint64_t size = 0;
    std::shared_ptr<FileDescriptor> file; ///< set by stores that keep files
};

/// Writes one upload. One at a time per upload; not thread-safe, but may be used from one coroutine whichever loop it is
/// on. Destroying it without `pause` or `finish` keeps nothing of what was appended since the last `pause`. After a
/// failure every call fails with it; `append` may report what went wrong with bytes that were appended before.
class UploadWriter {
public:
    virtual ~UploadWriter() = default;

    /// Whose it is: a short line that means nothing to the store. Each `pause` from now on keeps it, and
    /// `BlobStore::paused_uploads` gives it back.
    void set_owner(std::string owner) { owner_ = std::move(owner); }

    /// Bytes so far.
    virtual std::uint64_t offset() const noexcept = 0;
    /// Hashes and keeps `bytes`, on a worker where that takes long. `storage_full` when there is no room.
    virtual Task<Result<void>> append(std::span<const std::byte> bytes) = 0;
    /// Memory of the writer for what comes next, which `append` then need not copy: a part from its beginning, filled and
    /// appended before anything else is called. Empty where there is none.
    virtual std::span<std::byte> room() noexcept { return {}; }
    /// Everything appended so far survives the process (not the machine), hash state included: a chunk can be
    /// acknowledged. The writer is spent afterwards.
    virtual Task<Result<void>> pause() = 0;
    /// The digest of all bytes so far. With another algorithm than the upload was opened with, what is there is read
    /// again.
    virtual Task<Result<Digest>> digest(DigestAlgorithm algorithm) = 0;
    /// All bytes, if there are at most `limit` of them: content small enough to live in the database.
    virtual Task<Result<std::optional<Bytes>>> take_if_small(std::uint64_t limit) = 0;
    /// Makes the bytes the object `key`, durable with its folder entry when this returns. The upload is gone. After a
    /// failure there is no object; the upload stands as at its last `pause`, unless the disk failed to sync it.
    virtual Task<Result<void>> finish(const StorageKey& key) = 0;

protected:
    const std::string& owner() const noexcept { return owner_; }

private:
    std::string owner_;
};

/// An upload that can be gone on with.
struct PausedUpload {
    UploadId id;
    std::string owner; ///< empty: nobody said whose it is
    std::uint64_t size = 0;
};

/// What a look at all uploads has found.
struct UploadsLookedAt {
    std::uint64_t discarded = 0;
    std::vector<UploadId> left; ///< those that had something stored and still have
};

/// Where large bytes live. Thread-safe. `testing/blob_store_contract.hpp` says by tests what each implementation must do.
class BlobStore {
public:
    virtual ~BlobStore() = default;

    /// How many bytes of that upload are kept; `blob_upload_unknown` if it is not there. An upload that has begun and got
    /// no bytes yet need not be there: starting one writes nothing.
    virtual Task<Result<std::uint64_t>> upload_size(const UploadId& id) = 0;
    /// Opens an upload to go on where it stands, or, when there is none, a new one if `create` allows it, else
    /// `blob_upload_unknown`. `conflict` while another writer has it open.
    virtual Task<Result<std::unique_ptr<UploadWriter>>> open_upload(const UploadId& id, DigestAlgorithm algorithm,
                                                                    bool create) = 0;
    /// Forgets an upload; no error if it is not there. One that has a writer is forgotten with it: its `pause` and `finish`
    /// then fail with `blob_upload_unknown`.
    virtual Task<Result<void>> discard_upload(const UploadId& id) = 0;
    /// Forgets uploads that nobody has touched for so long.
    virtual Task<Result<UploadsLookedAt>> discard_uploads_older_than(std::chrono::seconds age) = 0;
    /// The uploads of earlier runs of the program that can be gone on with; for its start, before any is opened. What else
    /// these have left of uploads is removed soon afterwards.
    virtual Task<Result<std::vector<PausedUpload>>> paused_uploads() = 0;

    /// Opens an object; `blob_unknown` if it is not there.
    virtual Task<Result<OpenObject>> open(const StorageKey& key) = 0;
    /// Removes an object; no error if it is not there.
    virtual Task<Result<void>> remove(const StorageKey& key) = 0;
};

} // namespace berth::storage
