#include "storage/sqlite/sqlite_database.hpp"

#include "storage/sqlite/sqlite_migrations.hpp"

namespace berth::storage {

SqliteDatabase::SqliteDatabase(std::string path, const SqliteOptions& options, std::unique_ptr<SqliteConnection> writer)
    : path_(std::move(path)), options_(options), writer_(std::move(writer), options, version_), scans_(options.scan_threads) {}

Result<std::unique_ptr<SqliteConnection>> SqliteDatabase::take_reader() {
    {
        const std::lock_guard lock(readers_mutex_);
        if (!readers_.empty()) {
            auto reader = std::move(readers_.back());
            readers_.pop_back();
            return reader;
        }
    }
    return SqliteConnection::open(path_, options_, SqliteConnection::Access::read);
}

Result<bool> SqliteDatabase::try_read(std::int64_t budget, const Work& work) {
    auto reader = take_reader();
    if (!reader) return failure(std::move(reader));
    SqliteConnection& connection = **reader;

    connection.begin_work(0);
    auto done = connection.control("begin");
    bool over = false;
    if (done) {
        connection.begin_work(budget);
        done = work(connection);
        over = connection.interrupted();
        connection.begin_work(0);
    }
    // A connection that cannot end its snapshot is not used again.
    if (!connection.in_transaction() || connection.control("commit")) {
        const std::lock_guard lock(readers_mutex_);
        readers_.push_back(std::move(*reader));
    }
    if (over) return false;
    if (!done) return failure(std::move(done));
    return true;
}

Task<Result<void>> SqliteDatabase::run_read(ReadKind kind, const std::function<Result<void>(Session&)>& work) {
    if (kind != ReadKind::scan) {
        const auto budget = kind == ReadKind::point ? options_.point_budget : options_.page_budget;
        auto done = try_read(budget, work);
        if (!done) co_return failure(std::move(done));
        if (*done) co_return Result<void>{};
    }
    auto scan = scans_.run([this, &work] { return try_read(0, work); });
    auto done = co_await scan;
    if (!done) co_return failure(std::move(done));
    co_return Result<void>{};
}

Task<Result<void>> SqliteDatabase::run_write(const std::function<Result<void>(Session&)>& work) {
    auto write = writer_.run(work);
    auto done = co_await write;
    co_return done;
}

Result<std::unique_ptr<Database>> open_sqlite(const std::string& path, const SqliteOptions& options) {
    auto writer = SqliteConnection::open(path, options, SqliteConnection::Access::write);
    if (!writer) return failure(std::move(writer));
    if (auto migrated = migrate_sqlite(**writer, options.steps); !migrated) return failure(std::move(migrated));
    return std::make_unique<SqliteDatabase>(path, options, std::move(*writer));
}

} // namespace berth::storage
