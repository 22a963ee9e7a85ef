#pragma once

#include "storage/blob_store.hpp"
#include "storage/files/file_upload.hpp"
#include "storage/files/memory_budget.hpp"
#include "storage/files/pending_jobs.hpp"

#include <deque>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <vector>

namespace berth::storage {

/// The event loop's side of one open upload: keeps small content in memory, hands the rest to the workers in pieces, so
/// that the next bytes arrive while the last are hashed and written. A few pieces may wait for the workers: who hashes
/// never waits for the network while the client is the faster one.
class FileUploadWriter final : public UploadWriter {
public:
    explicit FileUploadWriter(std::unique_ptr<FileUpload> upload);
    ~FileUploadWriter() override;
    FileUploadWriter(const FileUploadWriter&) = delete;
    FileUploadWriter& operator=(const FileUploadWriter&) = delete;

    std::uint64_t offset() const noexcept override { return offset_; }
    Task<Result<void>> append(std::span<const std::byte> bytes) override;
    std::span<std::byte> room() noexcept override;
    Task<Result<void>> pause() override;
    Task<Result<Digest>> digest(DigestAlgorithm algorithm) override;
    Task<Result<std::optional<Bytes>>> take_if_small(std::uint64_t limit) override;
    Task<Result<void>> finish(const StorageKey& key) override;

private:
    // Bytes that are filled by the loop or read by the workers, never both at once.
    struct Piece {
        Piece(std::shared_ptr<FileStoreContext> context_, MemoryShare share_)
            : context(std::move(context_)), share(std::move(share_)),
              bytes(new(std::align_val_t(direct_unit)) std::byte[context->options.piece_size]) {}
        std::shared_ptr<FileStoreContext> context; // the share is of its memory
        MemoryShare share;
        struct Delete {
            void operator()(std::byte* all) const noexcept { ::operator delete[](all, std::align_val_t(direct_unit)); }
        };
        std::unique_ptr<std::byte[], Delete> bytes; // may go straight to the disk
        std::size_t used = 0;
        int jobs_left = 0; // guarded by the mutex of Shared while workers have it
        std::span<const std::byte> content() const noexcept { return {bytes.get(), used}; }
        std::span<std::byte> room() noexcept { return {bytes.get() + used, context->options.piece_size - used}; }
    };
    // What jobs hold on to: it lives until the last of them has ended, the writer or not.
    struct Shared {
        explicit Shared(std::unique_ptr<FileUpload> upload_) : upload(std::move(upload_)) {}
        std::unique_ptr<FileUpload> upload;
        PendingJobs pieces; // that the workers have
        std::mutex mutex;
        std::optional<Error> failed; // this and the rest guarded by mutex
        std::deque<std::shared_ptr<Piece>> to_hash;
        std::deque<std::shared_ptr<Piece>> to_write; // in both, somebody is at the front one
        std::vector<std::shared_ptr<Piece>> free;
    };
    static std::span<const std::byte> next_to_hash(Shared& shared);
    static void write_all(Shared& shared);
    // Says that the front piece of one of the lines is done with; gives whether more are in that line.
    static bool done_with_front(Shared& shared, std::deque<std::shared_ptr<Piece>> Shared::* line);

    Task<Result<void>> append_to_file(std::span<const std::byte> bytes);
    // A piece to fill, unless those that this upload may have are all with the workers.
    std::shared_ptr<Piece> take_piece();
    void hand_over();
    // Waits for the workers; a failure is what they met, and stays.
    Task<Result<void>> settle();
    Result<void> append_rest();
    template <class Function>
    auto on_worker(Function function) {
        return context_->workers.run(std::move(function));
    }
    bool is_in_memory() const noexcept { return !in_file_; }
    std::optional<Error> failed() const;
    void fail(const Error& error);

    std::shared_ptr<FileStoreContext> context_; // for as long as any share of its memory below
    std::shared_ptr<Shared> shared_;
    std::uint64_t offset_;
    bool in_file_;
    bool spent_ = false;
    MemoryShare memory_share_;
    Bytes memory_;
    std::shared_ptr<Piece> filling_;
    unsigned pieces_ = 0; // that this upload has
};

} // namespace berth::storage
