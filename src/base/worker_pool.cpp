#include "base/worker_pool.hpp"

#include <algorithm>

namespace berth {

WorkerPool::WorkerPool(unsigned threads) {
    for (unsigned i = 0; i < std::max(threads, 1U); ++i) {
        threads_.emplace_back([this] { work(); });
    }
}

WorkerPool::~WorkerPool() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    ready_.notify_all();
    for (auto& thread : threads_) thread.join();
}

void WorkerPool::submit(std::move_only_function<void()> function) {
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back(std::move(function));
    }
    ready_.notify_one();
}

void WorkerPool::work() {
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

} // namespace berth
