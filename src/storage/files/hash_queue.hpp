#pragma once

#include "base/hasher.hpp"
#include "base/worker_pool.hpp"

#include <cstddef>
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
    explicit HashQueue(WorkerPool& workers) : waiting_(std::make_shared<Waiting>(workers)) {}

    /// What a worker calls when it has hashed a piece: gives the next piece for the same hasher, or nothing.
    using Next = std::move_only_function<std::span<const std::byte>()>;
    /// Updates `hasher` with `bytes`, then with what `next` gives until that is nothing, all on workers. Hasher and bytes are
    /// left alone until then. Who asked for a hasher is not asked again for a worker: so one that waits on the last worker for
    /// these to end does not wait for ever.
    void submit(Hasher& hasher, std::span<const std::byte> bytes, Next next);

private:
    struct Job {
        Hasher::Input input;
        Next next;
    };
    struct Waiting {
        explicit Waiting(WorkerPool& workers_) : workers(workers_) {}
        WorkerPool& workers;
        std::mutex mutex;
        std::deque<Job> jobs; // guarded by mutex
    };

    static void call_worker(const std::shared_ptr<Waiting>& waiting);
    static void work(const std::shared_ptr<Waiting>& waiting);

    std::shared_ptr<Waiting> waiting_;
};

} // namespace berth::storage
