#pragma once

#include "storage/database.hpp"
#include "storage/sqlite/sqlite_options.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace berth::storage {

class GatheringFileLayer;
class SqliteConnection;

/// One prepared statement of a connection, kept for as long as the connection.
class SqliteStatement final : public Statement {
public:
    SqliteStatement(SqliteConnection& connection, sqlite3_stmt* handle, std::string_view sql);
    ~SqliteStatement() override;
    SqliteStatement(const SqliteStatement&) = delete;
    SqliteStatement& operator=(const SqliteStatement&) = delete;

    void bind_null(int index) override;
    void bind_integer(int index, std::int64_t value) override;
    void bind_text(int index, std::string_view value) override;
    void bind_bytes(int index, std::span<const std::byte> value) override;
    Result<bool> step() override;
    bool is_null(int column) const override;
    std::int64_t integer(int column) const override;
    std::string_view text(int column) const override;
    std::span<const std::byte> bytes(int column) const override;
    void reset() noexcept override;

    const std::string& sql() const noexcept { return sql_; }
    sqlite3_stmt* handle() const noexcept { return handle_; }
    bool in_use() const noexcept { return in_use_; }
    void take() noexcept { in_use_ = true; }

private:
    enum class Phase : std::uint8_t { binding, rows, ended, failed };

    void bound(int index, int code) noexcept;
    Result<bool> fail(Error error);

    SqliteConnection& connection_;
    sqlite3_stmt* handle_;
    std::string sql_;
    int parameters_;
    int bound_ = 0;
    int bind_code_ = 0;
    bool nul_in_text_ = false;
    bool in_use_ = false;
    Phase phase_ = Phase::binding;
};

/// One connection to a SQLite file and its statements: the session that closures see. Used by one thread at a time.
class SqliteConnection final : public Session {
public:
    enum class Access : std::uint8_t {
        read,   ///< refuses statements that change anything
        write,  ///< creates the file if it is not there, readable by its owner only
        inspect ///< as `read`, and closing it leaves even the log as it is
    };

    /// Opens the file.
    static Result<std::unique_ptr<SqliteConnection>> open(const std::string& path, const SqliteOptions& options, Access access);
    ~SqliteConnection() override;
    SqliteConnection(const SqliteConnection&) = delete;
    SqliteConnection& operator=(const SqliteConnection&) = delete;

    /// Runs statements separated by semicolons, without parameters or rows.
    Result<void> run_script(const std::string& sql);

    /// Begins a unit of work: forgets an earlier failure and, unless `budget` is 0, interrupts the work after about so
    /// many steps of SQLite's virtual machine.
    void begin_work(std::int64_t budget) noexcept;
    /// Whether the work ran over its budget.
    bool interrupted() const noexcept { return interrupted_; }
    /// The first statement of this unit of work that failed. As on PostgreSQL the transaction is spent after it.
    const std::optional<Error>& failed() const noexcept { return failed_; }

    /// Whether a transaction is open: some errors end it without being asked.
    bool in_transaction() const noexcept;
    /// Runs one of the statements that open and close transactions; works after a failure too.
    Result<void> control(std::string_view sql);

    /// Pages in the write-ahead log after the last commit of this connection.
    int log_pages() const noexcept { return log_pages_; }
    /// Moves what the log holds into the file, as far as no reader is in the way; true if nothing is left.
    bool checkpoint() noexcept;

protected:
    Result<Statement*> prepare(std::string_view sql) override;
    std::int64_t changes() const override;

private:
    friend class SqliteStatement;

    SqliteConnection(sqlite3* handle, Access access, std::unique_ptr<GatheringFileLayer> layer) noexcept;
    Result<SqliteStatement*> find_statement(std::string_view sql);
    bool spend(std::int64_t steps) noexcept;
    void note_failure(const Error& error) {
        if (!failed_) failed_ = error;
    }

    sqlite3* handle_;
    Access access_;
    std::unique_ptr<GatheringFileLayer> layer_; // of the connection that writes; after `handle_` is closed it goes
    std::unordered_map<std::string_view, std::unique_ptr<SqliteStatement>> statements_; // keys point into the values
    std::optional<Error> failed_;
    std::int64_t budget_ = 0;
    std::int64_t spent_ = 0;
    bool interrupted_ = false;
    int log_pages_ = 0;
};

} // namespace berth::storage
