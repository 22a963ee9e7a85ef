#pragma once

#include "base/hasher.hpp"
#include "base/worker_pool.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>

namespace berth::storage {

/// Hashes pieces of many uploads on the workers: what waits when a worker comes is hashed together where the processor is
/// faster so (`Hasher::update_together`). Thread-safe. The workers have to outlive it; it may go while they are at it.
class HashQueue {
public:
    explicit HashQueue(WorkerPool& workers) : workers_(workers), waiting_(std::make_shared<Waiting>()) {}

    /// Updates `hasher` with `bytes`, then calls `done`, both on a worker. Hasher and bytes are left alone until then, so
    /// each hasher has one piece here at a time.
    void submit(Hasher& hasher, std::span<const std::byte> bytes, std::move_only_function<void()> done);

private:
    struct Job {
        Hasher::Input input;
        std::move_only_function<void()> done;
    };
    struct Waiting {
        std::mutex mutex;
        std::deque<Job> jobs; // guarded by mutex
    };

    static void work(Waiting& waiting);

    WorkerPool& workers_;
    std::shared_ptr<Waiting> waiting_;
};

} // namespace berth::storage
