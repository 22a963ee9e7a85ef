#include "app/collection.hpp"

#include "app/data_in_place.hpp"
#include "base/worker_pool.hpp"
#include "data_plane/collection/collection_state.hpp"
#include "storage/files/file_blob_store.hpp"

#include <fmt/format.h>

#include <csignal>
#include <thread>

namespace berth::app {
namespace {

using storage::ReadKind;
using storage::Session;

constexpr std::size_t most_findings = 1000;

Result<data_plane::CollectionPolicy> policy_of(storage::Database& database) {
    const auto load = [](Session& session) { return data_plane::load_policy(session); };
    auto policy = sync_wait(database.read(ReadKind::point, load));
    if (!policy) return failure(std::move(policy));
    return policy->value_or(data_plane::CollectionPolicy{});
}

std::vector<std::filesystem::path> abandoned_uploads(const std::filesystem::path& data, std::chrono::seconds rest) {
    std::vector<std::filesystem::path> out;
    std::error_code ignored;
    const auto before = std::filesystem::file_time_type::clock::now() - rest;
    for (const auto& entry : std::filesystem::directory_iterator(data / "uploads", ignored)) {
        const auto changed = entry.last_write_time(ignored);
        if (!ignored && changed < before) out.push_back(entry.path());
    }
    return out;
}

Result<data_plane::Swept> ask_server(const DataInPlace& data, std::chrono::seconds patience) {
    const auto load = [](Session& session) { return data_plane::load_asked_run(session); };
    const Timestamp asked_at = Clock().now();
    if (::kill(data.holder, SIGUSR1) != 0) {
        return failure(ErrorCode::unavailable, "The server that has the data folder could not be told to collect.");
    }
    const auto until = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < until) {
        auto run = sync_wait(data.database->read(ReadKind::point, load));
        if (!run) return failure(std::move(run));
        if (*run && (*run)->ended_at >= asked_at) {
            if ((*run)->failure.empty()) return (*run)->swept;
            return failure(ErrorCode::unavailable, fmt::format("The server could not end it: {}", (*run)->failure));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return failure(ErrorCode::unavailable,
                   "The server was told to collect and has not ended yet. It goes on; its log says when it is done.");
}

} // namespace

Result<CollectionReport> survey_collection(const std::filesystem::path& data) {
    auto opened = open_in_place(data, fmt::format("berth gc --dry-run --data {}", data.string()));
    if (!opened) return failure(std::move(opened));
    auto policy = policy_of(*opened->database);
    if (!policy) return failure(std::move(policy));
    const Timestamp now = Clock().now();
    const auto look = [&](Session& session) { return data_plane::survey_garbage(session, *policy, now, most_findings); };
    auto survey = sync_wait(opened->database->read(ReadKind::scan, look));
    if (!survey) return failure(std::move(survey));
    return CollectionReport{.served = opened->is_served(),
                            .policy = *policy,
                            .survey = std::move(*survey),
                            .abandoned_uploads = abandoned_uploads(opened->path, policy->upload_rest),
                            .swept = {}};
}

Result<CollectionReport> collect_now(const std::filesystem::path& data, std::chrono::seconds patience) {
    auto opened = open_in_place(data, fmt::format("berth gc --data {}", data.string()));
    if (!opened) return failure(std::move(opened));
    auto policy = policy_of(*opened->database);
    if (!policy) return failure(std::move(policy));
    CollectionReport out{.served = opened->is_served(), .policy = *policy, .survey = {}, .abandoned_uploads = {}, .swept = {}};
    if (opened->is_served()) {
        auto swept = ask_server(*opened, patience);
        if (!swept) return failure(std::move(swept));
        out.swept = *swept;
        return out;
    }
    if (!opened->folder) {
        return failure(ErrorCode::conflict,
                       fmt::format("The data folder {} is in use by another command of berth (process {}). Wait until that one "
                                   "has ended and run this again. Nothing was collected.",
                                   opened->path.string(), opened->holder > 0 ? std::to_string(opened->holder) : "unknown"));
    }
    WorkerPool workers(1);
    auto blobs = storage::FileBlobStore::open(opened->path.string(), workers);
    if (!blobs) return failure(std::move(blobs));
    const Clock clock;
    data_plane::Sweeper sweeper(*opened->database, **blobs, clock, *policy);
    auto swept = sync_wait(sweeper.sweep());
    if (!swept) return failure(std::move(swept));
    out.swept = *swept;
    return out;
}

} // namespace berth::app
