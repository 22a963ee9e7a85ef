#pragma once

#include "base/encoding.hpp"
#include "base/hasher.hpp"
#include "base/result.hpp"
#include "storage/files/file_store_context.hpp"
#include "storage/files/upload_state.hpp"

#include <memory>
#include <optional>
#include <span>

namespace berth::storage {

/// The disk's side of one open upload: its claim, its file, its hash. Everything here blocks and belongs on a worker, one
/// call at a time; only what is done with `hasher` and `write` may run beside each other.
class FileUpload {
public:
    /// An upload that is not there yet, claimed by the caller; touches nothing.
    FileUpload(std::shared_ptr<FileStoreContext> context, const Guid& id, DigestAlgorithm algorithm);
    /// Gives up what was not paused or finished, and the claim.
    ~FileUpload();
    FileUpload(const FileUpload&) = delete;
    FileUpload& operator=(const FileUpload&) = delete;

    /// Takes up where the upload was paused; false, with nothing left on the disk, if there is nothing to take up.
    Result<bool> resume();

    const std::shared_ptr<FileStoreContext>& context() const noexcept { return context_; }
    const Guid& id() const noexcept { return id_; }
    /// Whether giving it up has something to do on the disk.
    bool touches_disk() const noexcept { return static_cast<bool>(file_) || paused_at_.has_value(); }
    /// Bytes written.
    std::uint64_t size() const noexcept { return size_; }

    /// Of the bytes; to be updated with each piece that is written.
    Hasher& hasher() noexcept { return hasher_; }
    Result<void> write(std::span<const std::byte> bytes);
    /// Both.
    Result<void> append(std::span<const std::byte> bytes);

    /// Of all bytes; reads them again if another algorithm is asked for than was kept.
    Result<Digest> digest(DigestAlgorithm algorithm);
    Result<Bytes> content();
    /// Saves the state and ends the claim.
    Result<void> pause(const std::string& owner);
    /// Makes it an object, durable, and ends the claim. When the disk fails to sync, the upload is lost: what it holds
    /// can no longer be known.
    Result<void> finish(const Guid& key);

private:
    Result<void> create();
    Result<void> read(std::span<std::byte> out, std::uint64_t offset);
    SystemResult<void> write_at_end(std::span<const std::byte> bytes);
    bool may_go_directly(std::span<const std::byte> bytes) const noexcept;
    SystemResult<void> set_direct(bool direct);
    void remove_files() noexcept;
    void release() noexcept;

    std::shared_ptr<FileStoreContext> context_;
    Guid id_;
    FileDescriptor file_;
    Hasher hasher_;
    std::uint64_t size_ = 0;
    std::uint64_t writing_from_ = 0;         // what the system was not yet asked to write
    std::optional<std::uint64_t> paused_at_; // the offset in the state file, if there is one
    bool claimed_ = true;
    bool lost_ = false;
    bool torn_ = false;   // there may be bytes behind `size_`
    bool direct_ = false; // the file takes whole pieces only
};

/// The state of a paused upload, if it still holds: written in this run of the machine, with all its bytes there.
Result<std::optional<UploadState>> read_upload_state(FileStoreContext& context, const Guid& id);

} // namespace berth::storage
