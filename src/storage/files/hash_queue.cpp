#include "storage/files/hash_queue.hpp"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <vector>

namespace berth::storage {

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
    std::vector<Job> ended; // letting go of them may take long, and others wait for what comes next of theirs
    while (true) {
        bool is_more = false;
        {
            const std::lock_guard lock(waiting->mutex);
            auto& all = waiting->jobs;
            std::ranges::move(jobs, std::back_inserter(all));
            jobs.clear();
            if (all.empty()) return;
            const auto alone = std::ranges::find_if(all, [](const Job& job) { return !job.input.hasher->goes_together(); });
            std::size_t count = std::min(static_cast<std::size_t>(alone - all.begin()), Hasher::most_together());
            if (count < Hasher::fewest_together) count = 1;
            std::ranges::move(all | std::views::take(count), std::back_inserter(jobs));
            all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count));
            is_more = !all.empty();
        }
        if (is_more) call_worker(waiting);
        ended.clear();
        inputs.clear();
        for (const Job& job : jobs) inputs.push_back(job.input);
        Hasher::update_together(inputs);
        for (Job& job : jobs) job.input.bytes = job.next();
        const auto done = std::ranges::partition(jobs, [](const Job& job) { return !job.input.bytes.empty(); });
        std::ranges::move(done, std::back_inserter(ended));
        jobs.erase(done.begin(), done.end());
    }
}

} // namespace berth::storage
