#pragma once

#include "base/executor.hpp"
#include "base/semaphore.hpp"

#include <coroutine>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <vector>

namespace berth {

/// Threads for work that blocks or takes long: hashing, file writes, cold reads, password hashes.
class WorkerPool {
public:
    /// Starts `threads` threads (at least one).
    explicit WorkerPool(unsigned threads);
    /// Finishes what is queued, then joins.
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    /// Queues `function` without waiting for the workers. Callable from any thread.
    void submit(std::move_only_function<void()> function);

    /// `auto value = co_await pool.run([&] { ... });` runs the function on a worker and comes back to the executor of
    /// the caller (to the worker's thread if the caller has none). The function must not throw and must not return void.
    template <class Function>
    auto run(Function function) {
        return Run<Function>{*this, std::move(function), Executor::current(), {}};
    }

private:
    template <class Function>
    struct Run {
        WorkerPool& pool;
        Function function;
        Executor* home;
        std::optional<std::invoke_result_t<Function&>> value;

        bool await_ready() noexcept { return false; }
        void await_suspend(std::coroutine_handle<> caller) {
            pool.submit([this, caller] {
                value.emplace(function());
                if (home) {
                    home->post([caller] { caller.resume(); });
                } else {
                    caller.resume();
                }
            });
        }
        std::invoke_result_t<Function&> await_resume() { return std::move(*value); }
    };

    void work();

    std::mutex mutex_;
    Semaphore ready_; // one for each function in the queue, and at the end for each thread
    std::deque<std::move_only_function<void()>> queue_;
    std::vector<std::thread> threads_;
};

} // namespace berth
