#pragma once

#include "base/executor.hpp"

#include <coroutine>
#include <mutex>
#include <utility>

namespace berth::storage {

/// Counts jobs that workers do and lets one coroutine wait for the last of them.
class PendingJobs {
public:
    void begin(unsigned jobs) {
        const std::lock_guard lock(mutex_);
        running_ += jobs;
    }

    /// Called by each job as the last thing it does.
    void end() {
        std::coroutine_handle<> waiting;
        Executor* home = nullptr;
        {
            const std::lock_guard lock(mutex_);
            if (--running_ == 0) {
                waiting = std::exchange(waiting_, nullptr);
                home = home_;
            }
        }
        if (!waiting) return;
        if (home) {
            home->post([waiting] { waiting.resume(); });
        } else {
            waiting.resume();
        }
    }

    /// `co_await` it: goes on, at the executor of the caller, when nothing is running.
    auto idle() noexcept { return Idle{*this}; }

private:
    struct Idle {
        PendingJobs& jobs;

        bool await_ready() noexcept { return false; }
        bool await_suspend(std::coroutine_handle<> caller) {
            const std::lock_guard lock(jobs.mutex_);
            if (jobs.running_ == 0) return false;
            jobs.home_ = Executor::current();
            jobs.waiting_ = caller;
            return true;
        }
        void await_resume() noexcept {}
    };

    std::mutex mutex_;
    unsigned running_ = 0;
    std::coroutine_handle<> waiting_;
    Executor* home_ = nullptr;
};

} // namespace berth::storage
