#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "base/worker_pool.hpp"
#include "gateway/import_queue.hpp"
#include "identity/credentials.hpp"
#include "identity/seal.hpp"
#include "outbound/checked_client.hpp"
#include "storage/blob_store.hpp"
#include "storage/database.hpp"
#include "tenant/tenancy.hpp"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace berth::data_plane {

/// What operations of imports are called in the database.
inline constexpr std::string_view import_kind = "importImage";

/// What an importer works with.
struct ImporterParts {
    const Clock& clock;
    WorkerPool& workers;
    storage::Database& database;
    storage::BlobStore& blobs;
    tenant::Tenancy& tenancy;
    const identity::Seal& seal;
    const identity::Credentials& credentials;
    const outbound::CheckedClient& client;
};

struct ImporterOptions {
    unsigned imports_at_once = 5; ///< of one actor one less
    unsigned blobs_at_once = 4;   ///< of one import
};

/// Runs imports on threads of its own, which start with the first one. Whoever has the fewest imports running is next, and
/// nobody's take all threads: a source that hardly answers keeps nobody else waiting for long. Thread-safe.
class Importer final : public gateway::ImportQueue {
public:
    explicit Importer(ImporterParts parts, ImporterOptions options = {});
    /// Stops.
    ~Importer() override;
    Importer(const Importer&) = delete;
    Importer& operator=(const Importer&) = delete;

    void submit(tenant::Operation operation, gateway::ImportCallers callers) override;
    /// Takes up what an earlier run of the program did not end; once, at the start. Blocks.
    Result<void> resume();
    /// Ends soon what runs; `resume` of the next run goes on with it. Blocks until it has ended.
    void stop();

private:
    struct Job {
        tenant::Operation operation;
        std::optional<gateway::ImportCallers> callers; // nullopt: of an earlier run
    };
    void add(Job job);
    void work();
    std::deque<Job>::iterator next();

    ImporterParts parts_;
    ImporterOptions options_;
    std::stop_source stop_;
    std::mutex mutex_;
    std::condition_variable_any ready_;
    std::deque<Job> queue_;
    std::map<std::string, unsigned> running_; // imports of each actor
    unsigned idle_ = 0;
    std::vector<std::jthread> threads_;
};

} // namespace berth::data_plane
