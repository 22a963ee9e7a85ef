#pragma once

#include "base/file_descriptor.hpp"
#include "base/worker_pool.hpp"
#include "http/message.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace berth::http {

/// The disk's part in sending one file from its beginning to its end: what is not in memory is waited for on a worker, and
/// from then on the disk reads ahead of what is sent. One coroutine at a time.
class ReadAhead {
public:
    ReadAhead(WorkerPool& workers, const FileRange& file) noexcept
        : workers_(workers), file_(file.file), end_(file.offset + file.length) {}

    bool is_in_memory(std::uint64_t offset, std::size_t length) noexcept;
    /// Blocks until the bytes are in memory, or cannot be read. For workers. Returns true.
    bool wait_for(std::uint64_t offset, std::size_t length);
    /// What lies before `offset` needs the disk no more: has the bytes after it read, without waiting.
    void go_on(std::uint64_t offset);

private:
    // What the workers say. One at a time reads for this file, so that many that are cold leave workers to others.
    struct Progress {
        std::atomic<bool> reading = false;
        std::atomic<std::uint64_t> read = 0; // what is before was read
    };

    WorkerPool& workers_;
    std::shared_ptr<FileDescriptor> file_;
    std::uint64_t end_;
    std::uint64_t asked_ = 0;            // the disk was asked for what is before
    std::shared_ptr<Progress> progress_; // there is one once the file was found cold
};

} // namespace berth::http
