#include "data_plane/import/importer.hpp"

#include "data_plane/import/import_blob_rows.hpp"
#include "data_plane/import/import_run.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>

namespace berth::data_plane {

Importer::Importer(ImporterParts parts, ImporterOptions options) : parts_(parts), options_(options) {}

Importer::~Importer() { stop(); }

void Importer::submit(tenant::Operation operation, gateway::ImportCallers callers) {
    add({.operation = std::move(operation), .callers = std::move(callers)});
}

void Importer::add(Job job) {
    const std::scoped_lock lock(mutex_);
    if (stop_.stop_requested()) return; // the next run finds it in the database
    queue_.push_back(std::move(job));
    if (idle_ < queue_.size() && threads_.size() < options_.imports_at_once) {
        threads_.emplace_back([this] { work(); });
    }
    ready_.notify_one();
}

Result<void> Importer::resume() {
    const auto tidy = [&](storage::Session& session) -> Result<std::vector<tenant::Operation>> {
        auto released = release_blobs_of_ended_imports(session, parts_.clock.now());
        if (!released) return failure(std::move(released));
        return tenant::unfinished_operations(session, import_kind);
    };
    auto operations = sync_wait(parts_.database.write(tidy));
    if (!operations) return failure(std::move(operations));
    for (tenant::Operation& operation : *operations) add({.operation = std::move(operation), .callers = std::nullopt});
    return {};
}

void Importer::stop() {
    std::vector<std::jthread> threads;
    {
        const std::scoped_lock lock(mutex_);
        stop_.request_stop();
        queue_.clear();
        threads.swap(threads_);
    }
    ready_.notify_all();
    threads.clear(); // joins
}

// The job that may run now, or the end of the queue. Call with the mutex held.
std::deque<Importer::Job>::iterator Importer::next() {
    const auto running = [&](const Job& job) {
        const auto found = running_.find(job.operation.actor);
        return found == running_.end() ? 0U : found->second;
    };
    const auto chosen = std::ranges::min_element(queue_, std::ranges::less(), running);
    const unsigned most = std::max(1U, options_.imports_at_once - 1);
    return chosen != queue_.end() && running(*chosen) < most ? chosen : queue_.end();
}

void Importer::work() {
    const std::stop_token stop = stop_.get_token();
    std::unique_lock lock(mutex_);
    for (;;) {
        ++idle_;
        ready_.wait(lock, stop, [&] { return next() != queue_.end(); });
        --idle_;
        if (stop.stop_requested()) return;
        const auto chosen = next();
        Job job = std::move(*chosen);
        queue_.erase(chosen);
        const auto count = running_.try_emplace(job.operation.actor, 0).first;
        ++count->second;
        lock.unlock();
        run_import(parts_, job.operation, job.callers, options_.blobs_at_once, stop);
        lock.lock();
        if (--count->second == 0) running_.erase(count);
        ready_.notify_one(); // for one of the same actor that had to wait
    }
}

} // namespace berth::data_plane
