#pragma once

#include "app/configuration.hpp"
#include "app/foundation.hpp"
#include "data_plane/collection/scrubber.hpp"
#include "data_plane/collection/sweeper.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace berth::app {

/// What goes on beside the requests: collecting garbage and checking stored content, each on a thread of its own.
class Upkeep {
public:
    /// Begins at once; the foundation and what `uploads_seen` refers to must outlive it.
    Upkeep(Foundation& foundation, const Configuration& configuration, data_plane::Sweeper::UploadsSeen uploads_seen);
    /// Stops both; a step that has begun is finished.
    ~Upkeep();
    Upkeep(const Upkeep&) = delete;
    Upkeep& operator=(const Upkeep&) = delete;

    /// Runs the collection now instead of when it is due, and notes its end for whoever asked.
    void collect_now();
    /// Counts in the Prometheus text format.
    void write_metrics(std::string& out) const;

private:
    void work(const std::stop_token& stop);
    void collect(bool asked);

    Foundation& foundation_;
    data_plane::CollectionPolicy policy_;
    std::chrono::seconds interval_;
    data_plane::Sweeper sweeper_;
    std::unique_ptr<data_plane::Scrubber> scrubber_; ///< nullptr: turned off
    std::mutex mutex_;
    std::condition_variable_any wake_;
    bool asked_ = false;
    std::jthread thread_; // last: it uses all of the above
};

} // namespace berth::app
