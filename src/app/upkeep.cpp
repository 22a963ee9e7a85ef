#include "app/upkeep.hpp"

#include "data_plane/collection/collection_state.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <iterator>

namespace berth::app {
namespace {

using storage::Session;

data_plane::CollectionPolicy policy_of(const Configuration& configuration) {
    data_plane::CollectionPolicy out;
    out.grace = std::chrono::hours(configuration.garbage_grace_hours);
    out.unlisted_blobs = configuration.garbage_unlisted_blobs == "collect";
    if (configuration.untagged_manifest_days > 0) out.untagged_after = std::chrono::days(configuration.untagged_manifest_days);
    return out;
}

} // namespace

Upkeep::Upkeep(Foundation& foundation, const Configuration& configuration, data_plane::Sweeper::UploadsSeen uploads_seen)
    : foundation_(foundation), policy_(policy_of(configuration)), interval_(configuration.garbage_interval_seconds),
      sweeper_(*foundation.database, *foundation.blobs, foundation.clock, policy_, std::move(uploads_seen)),
      thread_([this](const std::stop_token& stop) { work(stop); }) {
    if (configuration.scrub_bytes_per_second == 0) return;
    scrubber_ = std::make_unique<data_plane::Scrubber>(
        *foundation.database, *foundation.blobs, foundation.clock,
        data_plane::ScrubberOptions{.bytes_per_second = configuration.scrub_bytes_per_second,
                                    .interval = std::chrono::hours(configuration.scrub_interval_hours)});
}

Upkeep::~Upkeep() {
    scrubber_.reset();
    sweeper_.stop();
    thread_.request_stop();
    thread_.join();
}

void Upkeep::collect_now() {
    {
        const std::lock_guard lock(mutex_);
        asked_ = true;
    }
    wake_.notify_all();
}

void Upkeep::work(const std::stop_token& stop) {
    const auto save = [&](Session& session) { return data_plane::save_policy(session, policy_); };
    if (auto saved = sync_wait(foundation_.database->write(save)); !saved) {
        spdlog::warn("what counts as garbage could not be noted for 'berth gc': {}", saved.error().message);
    }
    while (true) {
        bool asked = false;
        {
            std::unique_lock lock(mutex_);
            wake_.wait_for(lock, stop, interval_, [this] { return asked_; });
            asked = std::exchange(asked_, false);
        }
        if (stop.stop_requested()) return;
        collect(asked);
    }
}

void Upkeep::collect(bool asked) {
    auto swept = sync_wait(sweeper_.sweep());
    if (!swept) {
        spdlog::error("the collection could not finish and goes on in {} s: {}", interval_.count(), swept.error().message);
    } else if (!swept->is_nothing()) {
        spdlog::info("collected {} untagged manifests, {} links, {} blobs, {} objects and {} uploads that nothing referred to",
                     swept->manifests, swept->links, swept->blobs, swept->objects, swept->uploads);
    }
    if (!asked) return;
    data_plane::AskedRun run{.ended_at = foundation_.clock.now(), .swept = {}, .failure = {}};
    if (swept) {
        run.swept = *swept;
    } else {
        run.failure = swept.error().message;
    }
    const auto save = [&](Session& session) { return data_plane::save_asked_run(session, run); };
    if (auto saved = sync_wait(foundation_.database->write(save)); !saved) {
        spdlog::error("the end of the collection could not be noted for who asked: {}", saved.error().message);
    }
}

void Upkeep::write_metrics(std::string& out) const {
    auto to = std::back_inserter(out);
    const auto write = [&](std::string_view name, std::string_view kind, std::string_view what, auto value) {
        fmt::format_to(to, "# HELP {0} {2}\n# TYPE {0} {1}\n{0} {3}\n", name, kind, what, value);
    };
    const auto swept = sweeper_.totals();
    write("berth_collected_manifests_total", "counter", "Untagged manifests that the policy collected.", swept.manifests);
    write("berth_collected_links_total", "counter", "Links from repositories to blobs that were collected.", swept.links);
    write("berth_collected_blobs_total", "counter", "Blobs that were collected.", swept.blobs);
    write("berth_collected_objects_total", "counter", "Files of blobs that were removed.", swept.objects);
    write("berth_collected_uploads_total", "counter", "Abandoned uploads that were removed.", swept.uploads);
    if (!scrubber_) return;
    const auto scrub = scrubber_->counts();
    write("berth_scrubbed_total", "counter", "Blobs and manifests compared with their digests.", scrub.checked);
    write("berth_scrubbed_bytes_total", "counter", "Bytes read for that.", scrub.bytes);
    write("berth_scrub_damaged_total", "counter", "Blobs and manifests found damaged and quarantined.", scrub.damaged);
    write("berth_scrub_unreadable_total", "counter", "Blobs that the disk could not read.", scrub.unreadable);
    write("berth_quarantined", "gauge", "Blobs and manifests that are quarantined now: push them again.", scrub.quarantined);
    write("berth_scrub_round_end_seconds", "gauge", "When all content had last been compared, since 1970; 0 for never.",
          scrub.last_round);
}

} // namespace berth::app
