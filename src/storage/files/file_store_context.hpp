#pragma once

#include "base/guid.hpp"
#include "base/worker_pool.hpp"
#include "storage/file_system.hpp"
#include "storage/files/hash_queue.hpp"
#include "storage/files/memory_budget.hpp"
#include "storage/files/object_folders.hpp"
#include "storage/files/open_uploads.hpp"

#include <atomic>
#include <cstddef>
#include <string>

namespace berth::storage {

/// How a file store works. The defaults are what berth runs with.
struct FileBlobOptions {
    /// An upload up to this size stays in memory and touches no file before it is paused or finished.
    std::size_t memory_limit = 64 * 1024;
    /// Larger ones go to the workers in pieces of this size, one being filled while others are hashed and written.
    std::size_t piece_size = 512 * 1024;
    /// Bytes for all of this together. When they are used up, uploads go on from the caller's own buffers, slower.
    std::size_t memory_budget = 64 * 1024 * 1024;
    /// After so many bytes the system is asked to begin writing them, so that little is left for the sync at the end.
    std::uint64_t writing_step = 8 * 1024 * 1024;
    /// What an upload has beyond this goes straight to the disk, in whole pieces. Through the system's memory it would be
    /// copied once more, and what others pull from there would have to make room. Smaller ones are pulled from memory at once.
    std::uint64_t direct_from = 2 * 1024 * 1024;
    /// Names this run of the machine; empty asks the system.
    std::string boot{};
};

/// Whose threads a file store uses.
struct FileStoreThreads {
    /// One pool for everything.
    FileStoreThreads(WorkerPool& all) : workers(all), writers(all) {} // NOLINT(google-explicit-constructor): it is all of them
    FileStoreThreads(WorkerPool& workers_, WorkerPool& writers_) : workers(workers_), writers(writers_) {}

    WorkerPool& workers; ///< for what keeps a processor busy, and what is quick
    WorkerPool& writers; ///< for what waits for the disk to have written; who hashes must not wait behind it
};

/// What the parts of one file store share, for as long as one of them lives.
struct FileStoreContext {
    FileStoreContext(FileSystem& files_, FileStoreThreads threads, const FileBlobOptions& options_, const std::string& folder)
        : files(files_), workers(threads.workers), writers(threads.writers), options(options_), uploads(folder + "/uploads"),
          objects(files_, folder + "/blobs"), memory(options_.memory_budget), hashing(threads.workers) {}

    std::string data_path(const Guid& upload) const { return uploads + '/' + upload.value(); }
    std::string state_path(const Guid& upload) const { return data_path(upload) + ".state"; }

    FileSystem& files;
    WorkerPool& workers;
    WorkerPool& writers;
    FileBlobOptions options;
    std::string uploads;
    ObjectFolders objects;
    OpenUploads open;
    MemoryBudget memory;
    HashQueue hashing;
    std::atomic<bool> takes_direct_writes = true; // until the file system has refused one
};

} // namespace berth::storage
