#pragma once

#include "base/executor.hpp"
#include "base/task.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace berth::storage {

/// An event loop of the simplest kind: a thread with a queue. What is posted before the end runs before the end.
class LoopExecutor final : public Executor {
public:
    LoopExecutor() : thread_([this] { work(); }) {}
    ~LoopExecutor() override {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        ready_.notify_one();
        thread_.join();
    }
    LoopExecutor(const LoopExecutor&) = delete;
    LoopExecutor& operator=(const LoopExecutor&) = delete;

    void post(std::move_only_function<void()> function) override {
        const std::lock_guard lock(mutex_);
        queue_.push_back(std::move(function));
        ready_.notify_one();
    }
    std::thread::id id() const noexcept { return thread_.get_id(); }

    /// Runs a task on the loop and waits for it; called from another thread.
    template <class T>
    T run(Task<T> task) {
        std::optional<T> out;
        std::binary_semaphore done{0};
        post([&] { detail::run_and_signal(std::move(task), out, done).detach(); });
        done.acquire();
        return std::move(*out);
    }

private:
    void work() {
        set_current(this);
        while (true) {
            std::move_only_function<void()> function;
            {
                std::unique_lock lock(mutex_);
                ready_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
                if (queue_.empty()) return;
                function = std::move(queue_.front());
                queue_.pop_front();
            }
            function();
        }
    }

    std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<std::move_only_function<void()>> queue_;
    bool stopping_ = false;
    std::thread thread_;
};

} // namespace berth::storage
