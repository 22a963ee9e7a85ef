#include "storage/files/hash_queue.hpp"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <vector>

namespace berth::storage {
namespace {

// With fewer, each is faster on a processor of its own.
constexpr std::size_t fewest_together = 3;

} // namespace

void HashQueue::submit(Hasher& hasher, std::span<const std::byte> bytes, Next next) {
    {
        const std::lock_guard lock(waiting_->mutex);
        waiting_->jobs.push_back({{&hasher, bytes}, std::move(next)});
    }
    call_worker(waiting_);
}

// It finds nothing to do when others took all.
void HashQueue::call_worker(const std::shared_ptr<Waiting>& waiting) {
    waiting->workers.submit([waiting] { work(waiting); });
}

void HashQueue::work(const std::shared_ptr<Waiting>& waiting) {
    std::vector<Job> jobs;
    std::vector<Hasher::Input> inputs;
    while (true) {
        bool is_more = false;
        {
            const std::lock_guard lock(waiting->mutex);
            auto& all = waiting->jobs;
            std::ranges::move(jobs, std::back_inserter(all));
            jobs.clear();
            std::size_t count = std::min(all.size(), Hasher::most_together());
            if (count == 0) return;
            if (count < fewest_together) count = 1;
            std::ranges::move(all | std::views::take(count), std::back_inserter(jobs));
            all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count));
            is_more = !all.empty();
        }
        if (is_more) call_worker(waiting);
        inputs.clear();
        for (const Job& job : jobs) inputs.push_back(job.input);
        Hasher::update_together(inputs);
        std::erase_if(jobs, [](Job& job) {
            job.input.bytes = job.next();
            return job.input.bytes.empty();
        });
    }
}

} // namespace berth::storage
