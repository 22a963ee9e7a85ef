#pragma once

#include "base/executor.hpp"

#include <coroutine>
#include <mutex>
#include <utility>

namespace berth::storage {

/// Counts jobs that workers do and lets one coroutine wait for them.
class PendingJobs {
public:
    void begin() {
        const std::lock_guard lock(mutex_);
        ++running_;
    }

    /// Called by each job as the last thing it does.
    void end() {
        std::coroutine_handle<> waiting;
        Executor* home = nullptr;
        {
            const std::lock_guard lock(mutex_);
            if (--running_ <= enough_) {
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

    /// `co_await` it: goes on, at the executor of the caller, when no more than so many are running.
    auto at_most(unsigned jobs) noexcept { return Wait{*this, jobs}; }

private:
    struct Wait {
        PendingJobs& jobs;
        unsigned enough;

        bool await_ready() noexcept { return false; }
        bool await_suspend(std::coroutine_handle<> caller) {
            const std::lock_guard lock(jobs.mutex_);
            if (jobs.running_ <= enough) return false;
            jobs.enough_ = enough;
            jobs.home_ = Executor::current();
            jobs.waiting_ = caller;
            return true;
        }
        void await_resume() noexcept {}
    };

    std::mutex mutex_;
    unsigned running_ = 0;
    unsigned enough_ = 0; // for the one who waits
    std::coroutine_handle<> waiting_;
    Executor* home_ = nullptr;
};

} // namespace berth::storage
