#include "app/backup.hpp"

#include "app/data_in_place.hpp"
#include "base/guid.hpp"
#include "checking/check_folder.hpp"
#include "storage/migrations.hpp"
#include "storage/sqlite/sqlite_connection.hpp"
#include "storage/sqlite/sqlite_database.hpp"

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

namespace berth::app {
namespace {

namespace fs = std::filesystem;
using storage::ReadKind;
using storage::Session;
using storage::SqliteConnection;

constexpr std::chrono::minutes hold_lasts{5};
constexpr std::chrono::minutes hold_is_renewed_after{1};
constexpr std::uint64_t page = 1000;

// While it lives, no file of a blob is removed from the data folder; what holds it back ends by itself if this process dies.
class CollectionHold {
public:
    static Result<std::unique_ptr<CollectionHold>> take(storage::Database& database) {
        std::unique_ptr<CollectionHold> out(new CollectionHold(database));
        if (auto held = out->renew(); !held) return failure(std::move(held));
        out->thread_ = std::jthread([hold = out.get()](const std::stop_token& stop) { hold->keep(stop); });
        return out;
    }
    ~CollectionHold() {
        thread_.request_stop();
        if (thread_.joinable()) thread_.join();
        const auto end = [&](Session& session) { return session.execute("delete from collection_holds where id = ?1", id_); };
        static_cast<void>(sync_wait(database_.write(end)));
    }
    CollectionHold(const CollectionHold&) = delete;
    CollectionHold& operator=(const CollectionHold&) = delete;

    /// Fails if it could not be renewed in time: files may be gone.
    Result<void> check() {
        const std::lock_guard lock(mutex_);
        if (std::chrono::steady_clock::now() < holds_until_) return {};
        return failure(ErrorCode::unavailable, "The backup could not keep the collection of garbage off. Try again.");
    }

private:
    explicit CollectionHold(storage::Database& database) : database_(database), id_(Guid::random().value()) {}

    Result<void> renew() {
        const auto began = std::chrono::steady_clock::now();
        const Timestamp until = Clock().now() + hold_lasts;
        const auto write = [&](Session& session) {
            return session.execute("insert into collection_holds(id, holder, until) values (?1, 'berth backup', ?2) "
                                   "on conflict (id) do update set until = excluded.until",
                                   id_, until);
        };
        auto done = sync_wait(database_.write(write));
        if (!done) return failure(std::move(done));
        const std::lock_guard lock(mutex_);
        holds_until_ = began + hold_lasts;
        return {};
    }

    void keep(const std::stop_token& stop) {
        while (true) {
            {
                std::unique_lock lock(mutex_);
                wake_.wait_for(lock, stop, hold_is_renewed_after, [] { return false; });
            }
            if (stop.stop_requested()) return;
            static_cast<void>(renew()); // a failure is noticed when it matters
        }
    }

    storage::Database& database_;
    std::string id_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::chrono::steady_clock::time_point holds_until_;
    std::jthread thread_;
};

std::string sql_text(const fs::path& path) {
    std::string out = "'";
    for (const char c : path.string()) {
        if (c == '\'') out += c;
        out += c;
    }
    return out + "'";
}

// All of it as it is at one moment, without a server noticing: https://www.sqlite.org/lang_vacuum.html#vacuuminto.
Result<void> copy_database(const fs::path& from, const fs::path& to) {
    storage::SqliteOptions options;
    options.busy_timeout = std::chrono::minutes(1);
    auto connection = SqliteConnection::open(from.string(), options, SqliteConnection::Access::read);
    if (!connection) return failure(std::move(connection));
    if (auto copied = (*connection)->run_script("vacuum into " + sql_text(to)); !copied) return copied;
    if (::chmod(to.c_str(), 0600) != 0) return failure(ErrorCode::internal, "The copy of the database could not be kept.");
    return {};
}

struct BlobFile {
    std::string key;
    Digest digest;
};

// Files that the database names, in pages.
Result<std::vector<BlobFile>> list_files(SqliteConnection& database, const std::optional<Digest>& after) {
    database.begin_work(0);
    const std::span<const std::byte> from = after ? after->stored() : std::span<const std::byte>();
    auto rows = database.query("select digest, storage_key from blobs where storage_key is not null and digest > ?1 "
                               "order by digest limit ?2",
                               from, page);
    if (!rows) return failure(std::move(rows));
    std::vector<BlobFile> out;
    for (;;) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return out;
        auto digest = rows->digest(0);
        if (!digest) return failure(std::move(digest));
        const auto key = Guid::parse(rows->text(1));
        if (!key) return failure(ErrorCode::internal, "A storage key in the database is damaged.");
        out.push_back({.key = key->value(), .digest = *digest});
    }
}

fs::path place_of(const fs::path& folder, const std::string& key) { return folder / "blobs" / key.substr(0, 2) / key; }

// Brings the files of all blobs that the database in `to` names from one folder to another.
class BlobCopy {
public:
    BlobCopy(fs::path from, fs::path to, bool always_copy, BackupDone& done)
        : from_(std::move(from)), to_(std::move(to)), link_(!always_copy), done_(done) {}

    Result<void> run(const std::function<Result<void>()>& may_go_on) {
        auto database = SqliteConnection::open((to_ / "berth.db").string(), {}, SqliteConnection::Access::read);
        if (!database) return failure(std::move(database));
        std::error_code error;
        fs::create_directory(to_ / "blobs", error);
        fs::permissions(to_ / "blobs", fs::perms::owner_all, error);
        std::optional<Digest> after;
        while (true) {
            auto files = list_files(**database, after);
            if (!files) return failure(std::move(files));
            if (files->empty()) return {};
            for (const BlobFile& file : *files) {
                if (auto brought = bring(file); !brought) return brought;
                after = file.digest;
            }
            if (auto fine = may_go_on(); !fine) return fine;
        }
    }

private:
    Result<void> bring(const BlobFile& file) {
        const fs::path source = place_of(from_, file.key);
        const fs::path target = place_of(to_, file.key);
        std::error_code error;
        if (fs::create_directory(target.parent_path(), error)) {
            fs::permissions(target.parent_path(), fs::perms::owner_all, error);
        }
        if (link_ && ::link(source.c_str(), target.c_str()) == 0) {
            ++done_.linked;
            struct stat status{};
            if (::stat(target.c_str(), &status) == 0) done_.description.bytes += static_cast<std::uint64_t>(status.st_size);
            ++done_.description.blobs;
            return {};
        }
        // Another file system, or one without links.
        if (link_ && errno != ENOENT) link_ = false;
        auto copied = copy_whole_file(source, target);
        if (!copied && copied.error().code == ErrorCode::not_found) {
            done_.missing.push_back(file.digest.to_string());
            return {};
        }
        if (!copied) return failure(std::move(copied));
        done_.description.bytes += *copied;
        ++done_.description.blobs;
        return {};
    }

    fs::path from_;
    fs::path to_;
    bool link_;
    BackupDone& done_;
};

// What is true of a running server and of no copy.
Result<void> settle(storage::Database& database) {
    const auto write = [](Session& session) -> Result<void> {
        for (const std::string_view sql : {"delete from collection_holds", "delete from content_check",
                                           "update quarantined_content set storage_key = null"}) {
            if (auto done = session.execute(sql); !done) return failure(std::move(done));
        }
        return {};
    };
    return sync_wait(database.write(write));
}

} // namespace

Result<BackupDone> make_backup(const fs::path& data, const fs::path& target, bool always_copy) {
    auto opened = open_in_place(data, fmt::format("berth backup --data {} {}", data.string(), target.string()));
    if (!opened) return failure(std::move(opened));
    std::error_code error;
    const fs::path inside = fs::weakly_canonical(target, error).lexically_relative(opened->path);
    if (!inside.empty() && *inside.begin() != "..") {
        return failure(ErrorCode::invalid_parameter, "A backup cannot lie in the data folder that it is of.");
    }
    auto folder = WholeFolder::begin(target);
    if (!folder) return failure(std::move(folder));
    // Before the database is copied: whatever the copy names is there until the end.
    auto hold = CollectionHold::take(*opened->database);
    if (!hold) return failure(std::move(hold));

    BackupDone done{.description = {.data_version = storage::migrations().back().version,
                                    .program = BERTH_VERSION,
                                    .made_at = Clock().now(),
                                    .database_digest = {},
                                    .blobs = 0,
                                    .bytes = 0},
                    .folder = folder->path(),
                    .linked = 0,
                    .missing = {},
                    .served = opened->is_served()};
    const fs::path filling = folder->filling();
    if (auto copied = copy_database(opened->path / "berth.db", filling / "berth.db"); !copied)
        return failure(std::move(copied));
    const auto holds = [&] { return (*hold)->check(); };
    if (auto copied = BlobCopy(opened->path, filling, always_copy, done).run(holds); !copied) return failure(std::move(copied));
    if (auto held = holds(); !held) return failure(std::move(held));
    if (auto copied = copy_secrets(opened->path, filling); !copied) return failure(std::move(copied));
    auto digest = digest_of_file(filling / "berth.db");
    if (!digest) return failure(std::move(digest));
    done.description.database_digest = *digest;
    if (auto written = write_description(filling, done.description); !written) return failure(std::move(written));
    if (auto finished = folder->finish(); !finished) return failure(std::move(finished));
    return done;
}

Result<RestoreDone> restore_backup(const fs::path& source, const fs::path& target, bool despite_damage) {
    auto description = read_description(source);
    if (!description) return failure(std::move(description));
    if (description->data_version > storage::migrations().back().version) {
        return failure(ErrorCode::conflict,
                       fmt::format("The backup was made by a newer berth (data version {}, this program knows {}). Restore it "
                                   "with that program.",
                                   description->data_version, storage::migrations().back().version));
    }
    auto folder = WholeFolder::begin(target);
    if (!folder) return failure(std::move(folder));
    const fs::path filling = folder->filling();
    auto copied = copy_whole_file(source / "berth.db", filling / "berth.db");
    if (!copied) return failure(std::move(copied));
    auto digest = digest_of_file(filling / "berth.db");
    if (!digest) return failure(std::move(digest));
    if (*digest != description->database_digest) {
        return failure(ErrorCode::conflict, "The backup's database is damaged: it is not what the backup was made with. Use "
                                            "another backup.");
    }
    BackupDone brought;
    const auto always = [] { return Result<void>{}; };
    if (auto done = BlobCopy(source, filling, true, brought).run(always); !done) return failure(std::move(done));
    if (auto done = copy_secrets(source, filling); !done) return failure(std::move(done));
    {
        auto database = storage::open_sqlite((filling / "berth.db").string());
        if (!database) return failure(std::move(database));
        if (auto settled = settle(**database); !settled) return failure(std::move(settled));
    }

    auto report = checking::check_folder(filling.string());
    if (!report) return failure(std::move(report));
    RestoreDone out{.description = *description, .folder = folder->path(), .damage = {}, .quarantined = {}};
    for (const auto& finding : report->findings) {
        // What was damaged in the data folder already is no damage of the backup, which holds it as it was.
        (finding.check == "quarantine" ? out.quarantined : out.damage).push_back(finding.message);
    }
    if (!out.damage.empty() && !despite_damage) {
        return failure(
            ErrorCode::conflict,
            fmt::format("The backup is damaged, nothing was restored: {} ({} findings in all). Use another backup, or "
                        "restore what is whole with --despite-damage.",
                        out.damage.front(), out.damage.size()));
    }
    if (auto finished = folder->finish(); !finished) return failure(std::move(finished));
    return out;
}

} // namespace berth::app
