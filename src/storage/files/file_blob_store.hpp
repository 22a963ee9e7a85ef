#pragma once

#include "storage/blob_store.hpp"
#include "storage/files/file_store_context.hpp"

#include <memory>
#include <string>

namespace berth::storage {

/// Blobs as files: `blobs/<two hex digits>/<key>`, with uploads under way in `uploads/`.
class FileBlobStore final : public BlobStore {
public:
    /// Makes the folders below `folder` if they are not there. `files` and the threads must outlive the store and its
    /// writers. One store of one process at a time may use a folder (`DataFolder`).
    static Result<std::unique_ptr<FileBlobStore>> open(const std::string& folder, FileStoreThreads threads,
                                                       const FileBlobOptions& options = {},
                                                       FileSystem& files = real_file_system());

    Task<Result<std::uint64_t>> upload_size(const UploadId& id) override;
    Task<Result<std::unique_ptr<UploadWriter>>> open_upload(const UploadId& id, DigestAlgorithm algorithm,
                                                            bool create) override;
    Task<Result<void>> discard_upload(const UploadId& id) override;
    Task<Result<UploadsLookedAt>> discard_uploads_older_than(std::chrono::seconds age) override;
    Task<Result<std::vector<PausedUpload>>> paused_uploads() override;
    Task<Result<OpenObject>> open(const StorageKey& key) override;
    Task<Result<void>> remove(const StorageKey& key) override;

private:
    explicit FileBlobStore(std::shared_ptr<FileStoreContext> context) : context_(std::move(context)) {}

    std::shared_ptr<FileStoreContext> context_;
};

} // namespace berth::storage
