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

void HashQueue::submit(Hasher& hasher, std::span<const std::byte> bytes, std::move_only_function<void()> done) {
    {
        const std::lock_guard lock(waiting_->mutex);
        waiting_->jobs.push_back({{&hasher, bytes}, std::move(done)});
    }
    // A worker for each; it finds nothing to do when another took all at once.
    workers_.submit([waiting = waiting_] { work(*waiting); });
}

void HashQueue::work(Waiting& waiting) {
    std::vector<Job> jobs;
    {
        const std::lock_guard lock(waiting.mutex);
        std::size_t count = std::min(waiting.jobs.size(), Hasher::most_together());
        if (count < fewest_together) count = std::min<std::size_t>(count, 1);
        std::ranges::move(waiting.jobs | std::views::take(count), std::back_inserter(jobs));
        waiting.jobs.erase(waiting.jobs.begin(), waiting.jobs.begin() + static_cast<std::ptrdiff_t>(count));
    }
    std::vector<Hasher::Input> inputs;
    for (const Job& job : jobs) inputs.push_back(job.input);
    Hasher::update_together(inputs);
    for (Job& job : jobs) job.done();
}

} // namespace berth::storage
