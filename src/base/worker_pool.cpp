#include "base/worker_pool.hpp"

#include <algorithm>

namespace berth {

WorkerPool::WorkerPool(unsigned threads) {
    for (unsigned i = 0; i < std::max(threads, 1U); ++i) {
        threads_.emplace_back([this] { work(); });
    }
}

WorkerPool::~WorkerPool() {
    for (std::size_t i = 0; i < threads_.size(); ++i) ready_.post();
    for (auto& thread : threads_) thread.join();
}

void WorkerPool::submit(std::move_only_function<void()> function) {
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back(std::move(function));
    }
    ready_.post();
}

void WorkerPool::work() {
    while (true) {
        ready_.wait();
        std::move_only_function<void()> function;
        {
            const std::lock_guard lock(mutex_);
            if (queue_.empty()) return; // only at the end is there less than was posted
            function = std::move(queue_.front());
            queue_.pop_front();
        }
        function();
    }
}

} // namespace berth
