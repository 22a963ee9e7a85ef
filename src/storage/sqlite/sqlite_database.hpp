#pragma once

#include "base/worker_pool.hpp"
#include "storage/database.hpp"
#include "storage/sqlite/sqlite_options.hpp"
#include "storage/sqlite/sqlite_writer.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace berth::storage {

/// The embedded database: one file in write-ahead mode, one writer that commits groups, readers beside it.
class SqliteDatabase final : public Database {
public:
    SqliteDatabase(std::string path, const SqliteOptions& options, std::unique_ptr<SqliteConnection> writer);

protected:
    Task<Result<void>> run_read(ReadKind kind, const std::function<Result<void>(Session&)>& work) override;
    Task<Result<void>> run_write(const std::function<Result<void>(Session&)>& work) override;

private:
    using Work = std::function<Result<void>(Session&)>;

    // False: it took more than `budget` and must be run again without one.
    Result<bool> try_read(std::int64_t budget, const Work& work);
    Result<std::unique_ptr<SqliteConnection>> take_reader();

    std::string path_;
    SqliteOptions options_;
    std::mutex readers_mutex_;
    std::vector<std::unique_ptr<SqliteConnection>> readers_; // those that nobody uses at the moment
    SqliteWriter writer_;
    WorkerPool scans_;
};

/// Opens the database file, creates it if it is not there, and brings it to the newest version. The caller sees to it
/// that no other process does the same (`DataFolder`). Fails with `conflict` for data of a newer berth and for files of
/// others, `storage_full` and `storage_read_only` when there is no room or no right to write.
Result<std::unique_ptr<Database>> open_sqlite(const std::string& path, const SqliteOptions& options = {});

} // namespace berth::storage
