#pragma once

#include "base/worker_pool.hpp"
#include "identity/key_ring.hpp"
#include "storage/blob_store.hpp"
#include "storage/database.hpp"
#include "storage/file_system.hpp"
#include "tenant/bootstrap.hpp"

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

namespace berth::checking {

/// Where a data store's files go.
struct DataLayers {
    storage::FileSystem& files = storage::real_file_system();
    std::string sqlite_layer{}; ///< SQLite's layer for files; empty is its default
    int checkpoint_pages = 1000;
    bool keys = true; ///< whether signing keys are loaded, which takes longest
};

/// Everything that a registry shows of its content and its rights, as text: what is kept under which name.
using Facts = std::map<std::string, std::string>;

/// A data folder opened as the program opens it, and changed by the code of the rooms, for tests. The changes may be
/// called from several threads.
class DataStore {
public:
    /// Opens the folder; on an empty one makes what the first start makes.
    static Result<std::unique_ptr<DataStore>> open(const std::filesystem::path& folder, const DataLayers& layers = {});

    storage::Database& database() noexcept { return *database_; }
    storage::BlobStore& blobs() noexcept { return *blobs_; }
    const tenant::Bootstrap& bootstrap() const noexcept { return *bootstrap_; }
    std::int64_t registry() const noexcept { return bootstrap_->registry->row; }

    /// A blob in one piece: small ones go to the database, others to a file.
    Result<void> push_blob(const std::string& repository, const std::string& content);
    /// The same in chunks, each acknowledged by itself.
    Result<void> push_blob_in_chunks(const std::string& repository, const std::string& content, std::size_t chunk);
    Result<void> push_manifest(const std::string& repository, const std::string& reference, const std::string& content);
    /// Config, layer and manifest under a tag.
    Result<void> push_image(const std::string& repository, const std::string& tag, const std::string& layer);
    Result<void> mount_blob(const std::string& repository, const std::string& content);
    Result<void> delete_blob(const std::string& repository, const std::string& content);
    Result<void> delete_manifest(const std::string& repository, const std::string& content);
    Result<void> delete_tag(const std::string& repository, const std::string& tag);
    Result<void> delete_repository(const std::string& repository);
    Result<void> assign_role(const Guid& id, std::string_view role, const Guid& principal);
    Result<void> remove_assignment(const Guid& id);
    /// A user, a custom role, a deny assignment, a lock, a repository token and a management group.
    Result<void> add_directory_and_rules();
    Result<void> begin_operation();
    /// An upload that is begun and left, and the note of a file that was never written.
    Result<void> leave_upload(const std::string& content);
    /// Collects all garbage, as if hours had passed.
    Result<void> sweep();

    /// What is visible now, each blob read whole; its file is read past the store's layers.
    Result<Facts> facts();

    /// An image manifest of a config and a layer; `more` goes before its end.
    static std::string image(const std::string& config, const std::string& layer, const std::string& more = {});
    /// Bytes that look like nothing, the same for the same number.
    static std::string bytes(std::size_t size, unsigned number);

private:
    DataStore() = default;
    Timestamp now() noexcept { return from_microseconds(++now_); }
    template <class Work>
    auto write(Work work) {
        return sync_wait(database_->write(std::move(work)));
    }

    std::filesystem::path folder_;
    std::unique_ptr<WorkerPool> workers_;
    std::unique_ptr<storage::Database> database_;
    std::unique_ptr<storage::BlobStore> blobs_;
    std::optional<tenant::Bootstrap> bootstrap_;
    std::atomic<std::int64_t> now_ = 1'700'000'000'000'000;
};

} // namespace berth::checking
