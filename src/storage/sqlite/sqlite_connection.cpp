#include "storage/sqlite/sqlite_connection.hpp"

#include "base/file_descriptor.hpp"
#include "storage/sqlite/gathering_file_layer.hpp"
#include "storage/sqlite/sqlite_error.hpp"

#include <fcntl.h>
#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <mutex>

namespace berth::storage {
namespace {

// How often the virtual machine asks whether to go on.
constexpr int steps_between_questions = 500;
// What a statement counts for besides its steps, so that a loop over small ones is limited too.
constexpr std::int64_t steps_per_statement = 50;

void configure_library() {
    static std::once_flag once;
    std::call_once(once, [] {
        sqlite3_config(SQLITE_CONFIG_MULTITHREAD);  // a connection belongs to one thread at a time: no locks inside
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); // its statistics cost a global lock at each allocation
        sqlite3_initialize();
    });
}

} // namespace

SqliteStatement::SqliteStatement(SqliteConnection& connection, sqlite3_stmt* handle, std::string_view sql)
    : connection_(connection), handle_(handle), sql_(sql), parameters_(sqlite3_bind_parameter_count(handle)) {}

SqliteStatement::~SqliteStatement() { sqlite3_finalize(handle_); }

void SqliteStatement::bound(int index, int code) noexcept {
    bound_ = std::max(bound_, index + 1);
    if (code != SQLITE_OK && bind_code_ == SQLITE_OK) bind_code_ = code;
}

void SqliteStatement::bind_null(int index) { bound(index, sqlite3_bind_null(handle_, index + 1)); }

void SqliteStatement::bind_integer(int index, std::int64_t value) {
    bound(index, sqlite3_bind_int64(handle_, index + 1, value));
}

void SqliteStatement::bind_text(int index, std::string_view value) {
    // PostgreSQL's text has no NUL; what one engine refuses the other must not take.
    if (value.find('\0') != std::string_view::npos) nul_in_text_ = true;
    const char* data = value.data() ? value.data() : ""; // a null pointer would bind null
    bound(index, sqlite3_bind_text64(handle_, index + 1, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

void SqliteStatement::bind_bytes(int index, std::span<const std::byte> value) {
    const void* data = value.data() ? static_cast<const void*>(value.data()) : "";
    bound(index, sqlite3_bind_blob64(handle_, index + 1, data, value.size(), SQLITE_TRANSIENT));
}

Result<bool> SqliteStatement::fail(Error error) {
    phase_ = Phase::failed;
    connection_.note_failure(error);
    return std::unexpected(std::move(error));
}

Result<bool> SqliteStatement::step() {
    if (phase_ == Phase::ended) return false;
    if (phase_ == Phase::failed) return failure(ErrorCode::internal, "a statement was used after it had failed");
    if (phase_ == Phase::binding) {
        if (nul_in_text_) return fail({ErrorCode::invalid_parameter, "A text may not contain the character NUL."});
        if (bound_ != parameters_) {
            return fail(
                {ErrorCode::internal, fmt::format("the statement takes {} values and got {}: {}", parameters_, bound_, sql_)});
        }
        if (bind_code_ != SQLITE_OK) return fail(sqlite_error(connection_.handle_, bind_code_));
        phase_ = Phase::rows;
    }
    const int code = sqlite3_step(handle_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) {
        phase_ = Phase::ended; // the next step would begin anew
        return false;
    }
    return fail(sqlite_error(connection_.handle_, code));
}

bool SqliteStatement::is_null(int column) const { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }

std::int64_t SqliteStatement::integer(int column) const { return sqlite3_column_int64(handle_, column); }

std::string_view SqliteStatement::text(int column) const {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
    if (!data) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

std::span<const std::byte> SqliteStatement::bytes(int column) const {
    const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(handle_, column));
    if (!data) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

void SqliteStatement::reset() noexcept {
    sqlite3_reset(handle_);
    sqlite3_clear_bindings(handle_); // frees the copies of what was bound
    bound_ = 0;
    bind_code_ = SQLITE_OK;
    nul_in_text_ = false;
    in_use_ = false;
    phase_ = Phase::binding;
}

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::open(const std::string& path, const SqliteOptions& options,
                                                                 Access access) {
    configure_library();
    if (access == Access::write) {
        // SQLite would create it readable for all; its other files take over the permissions of this one.
        const FileDescriptor created(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
        if (!created && (errno == EACCES || errno == EROFS || errno == EPERM)) {
            return failure(ErrorCode::storage_read_only,
                           fmt::format("The database {} cannot be written ({}). Make the data folder writable for the "
                                       "user that runs berth.",
                                       path, std::strerror(errno)));
        }
    }

    sqlite3* handle = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | (access == Access::write ? SQLITE_OPEN_CREATE : 0) | SQLITE_OPEN_NOMUTEX |
                      SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
    auto gathering = access == Access::write ? std::make_unique<GatheringFileLayer>(options.file_layer) : nullptr;
    const std::string& layer = gathering ? gathering->name() : options.file_layer;
    const int code = sqlite3_open_v2(path.c_str(), &handle, flags, layer.empty() ? nullptr : layer.c_str());
    if (code != SQLITE_OK) {
        Error error = sqlite_error(handle, code);
        sqlite3_close_v2(handle);
        return std::unexpected(std::move(error));
    }
    std::unique_ptr<SqliteConnection> connection(new SqliteConnection(handle, access, std::move(gathering)));
    sqlite3_busy_timeout(handle, static_cast<int>(options.busy_timeout.count()));
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr); // "text" in double quotes is a name, never a string
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    if (access == Access::inspect) sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    // Also ends SQLite's own checkpoints, which would make the commit that triggers them wait.
    sqlite3_wal_hook(
        handle,
        [](void* self, sqlite3*, const char*, int pages) {
            static_cast<SqliteConnection*>(self)->log_pages_ = pages;
            return SQLITE_OK;
        },
        connection.get());

    auto done = connection->run_script("pragma foreign_keys = on; pragma temp_store = memory;");
    if (done && access == Access::write) {
        done = connection->run_script("pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -8192;"
                                      "pragma journal_size_limit = 67108864;");
    }
    if (!done) return failure(std::move(done));
    return connection;
}

SqliteConnection::SqliteConnection(sqlite3* handle, Access access, std::unique_ptr<GatheringFileLayer> layer) noexcept
    : handle_(handle), access_(access), layer_(std::move(layer)) {}

SqliteConnection::~SqliteConnection() {
    statements_.clear();
    sqlite3_close_v2(handle_);
}

Result<void> SqliteConnection::run_script(const std::string& sql) {
    const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return std::unexpected(sqlite_error(handle_, code));
    return {};
}

void SqliteConnection::begin_work(std::int64_t budget) noexcept {
    failed_.reset();
    interrupted_ = false;
    spent_ = 0;
    if (budget == 0 && budget_ == 0) return;
    budget_ = budget;
    if (budget == 0) {
        sqlite3_progress_handler(handle_, 0, nullptr, nullptr);
        return;
    }
    sqlite3_progress_handler(
        handle_, steps_between_questions,
        [](void* self) { return static_cast<SqliteConnection*>(self)->spend(steps_between_questions) ? 0 : 1; }, this);
}

bool SqliteConnection::spend(std::int64_t steps) noexcept {
    spent_ += steps;
    if (budget_ != 0 && spent_ > budget_) interrupted_ = true;
    return !interrupted_;
}

bool SqliteConnection::in_transaction() const noexcept { return sqlite3_get_autocommit(handle_) == 0; }

Result<void> SqliteConnection::control(std::string_view sql) {
    auto statement = find_statement(sql);
    if (!statement) return failure(std::move(statement));
    auto done = (*statement)->step();
    (*statement)->reset();
    if (!done) return failure(std::move(done));
    return {};
}

bool SqliteConnection::checkpoint() noexcept {
    int pages = 0;
    int moved = 0;
    const int code = sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, &pages, &moved);
    return code == SQLITE_OK && pages == moved;
}

Result<SqliteStatement*> SqliteConnection::find_statement(std::string_view sql) {
    if (const auto found = statements_.find(sql); found != statements_.end()) return found->second.get();

    sqlite3_stmt* handle = nullptr;
    const char* rest = nullptr;
    const int code =
        sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &handle, &rest);
    if (code != SQLITE_OK) {
        Error error = sqlite_error(handle_, code);
        error.message += fmt::format(" The statement was: {}", sql);
        return std::unexpected(std::move(error));
    }
    auto statement = std::make_unique<SqliteStatement>(*this, handle, sql);
    const std::string_view tail(rest, static_cast<std::size_t>(sql.data() + sql.size() - rest));
    if (!handle || tail.find_first_not_of(" \t\r\n;") != std::string_view::npos) {
        return failure(ErrorCode::internal, fmt::format("not exactly one statement: {}", sql));
    }
    auto* out = statement.get();
    statements_.emplace(out->sql(), std::move(statement));
    return out;
}

Result<Statement*> SqliteConnection::prepare(std::string_view sql) {
    if (!spend(steps_per_statement)) return failure(ErrorCode::internal, "a read took more than its limit");
    if (failed_) {
        return failure(ErrorCode::internal, "a statement was run after another of the same transaction had failed");
    }
    auto statement = find_statement(sql);
    if (!statement) {
        note_failure(statement.error());
        return failure(std::move(statement));
    }
    Error misuse{ErrorCode::internal, {}};
    if ((*statement)->in_use()) {
        misuse.message = fmt::format("the rows of the same statement are still being read: {}", sql);
    } else if (access_ != Access::write && !sqlite3_stmt_readonly((*statement)->handle())) {
        misuse.message = fmt::format("a read may not change anything: {}", sql);
    } else {
        (*statement)->take();
        return *statement;
    }
    note_failure(misuse);
    return std::unexpected(std::move(misuse));
}

std::int64_t SqliteConnection::changes() const { return sqlite3_changes64(handle_); }

} // namespace berth::storage
