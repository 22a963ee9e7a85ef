#pragma once

#include "base/digest.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "base/time.hpp"
#include "storage/commit_version.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace berth::storage {

/// A prepared statement of one engine, between `bind` and the last `step`. Indexes count from 0. Only drivers implement
/// it and only `Session` and `Rows` use it.
class Statement {
public:
    virtual ~Statement() = default;
    virtual void bind_null(int index) = 0;
    virtual void bind_integer(int index, std::int64_t value) = 0;
    virtual void bind_text(int index, std::string_view value) = 0;
    virtual void bind_bytes(int index, std::span<const std::byte> value) = 0;
    /// True: there is a row. False: the end. A broken unique constraint is `already_exists`, any other constraint
    /// `conflict`, a full disk `storage_full`, a read-only file `storage_read_only`.
    virtual Result<bool> step() = 0;
    virtual bool is_null(int column) const = 0;
    virtual std::int64_t integer(int column) const = 0;
    /// Valid until the next `step`.
    virtual std::string_view text(int column) const = 0;
    virtual std::span<const std::byte> bytes(int column) const = 0;
    /// Makes the statement ready to be bound again.
    virtual void reset() noexcept = 0;
};

/// The rows of a query, one at a time. While it lives no other query with the same SQL text may run in this session.
class Rows {
public:
    explicit Rows(Statement& statement) noexcept : statement_(&statement) {}
    Rows(Rows&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
    Rows& operator=(Rows&&) = delete;
    ~Rows() {
        if (statement_) statement_->reset();
    }

    /// Goes to the next row: false at the end.
    Result<bool> next() { return statement_->step(); }

    bool is_null(int column) const { return statement_->is_null(column); }
    std::int64_t integer(int column) const { return statement_->integer(column); }
    bool boolean(int column) const { return statement_->integer(column) != 0; }
    /// Valid until the next `next`.
    std::string_view text(int column) const { return statement_->text(column); }
    std::optional<std::string> optional_text(int column) const {
        if (is_null(column)) return std::nullopt;
        return std::string(text(column));
    }
    /// Valid until the next `next`.
    std::span<const std::byte> bytes(int column) const { return statement_->bytes(column); }
    /// A digest as `Digest::stored` wrote it; a damaged one ends in `internal`.
    Result<Digest> digest(int column) const;
    Timestamp time(int column) const { return from_microseconds(statement_->integer(column)); }

private:
    Statement* statement_;
};

/// What a closure works with: one transaction on one connection. Use only inside the closure, on its thread. After a
/// statement has failed the transaction is spent: further statements fail, and a write does not succeed, whatever its
/// closure returns. So ask with `on conflict` for what may be there already.
class Session {
public:
    virtual ~Session() = default;

    /// Runs a query. `sql` must be a string literal (it is the key of the statement cache); parameters are `?1`, `?2`, …
    /// and may be integers, booleans, text, bytes, `Digest`, `Timestamp`, `std::optional` of these, or nullptr. Text with
    /// a NUL is refused with `invalid_parameter`. Values are copied.
    template <class... Arguments>
    Result<Rows> query(std::string_view sql, const Arguments&... arguments) {
        auto statement = prepare(sql);
        if (!statement) return failure(std::move(statement));
        int index = 0;
        (bind(**statement, index++, arguments), ...);
        return Rows(**statement);
    }

    /// Runs a statement that gives no rows and returns how many it changed.
    template <class... Arguments>
    Result<std::int64_t> execute(std::string_view sql, const Arguments&... arguments) {
        auto rows = query(sql, arguments...);
        if (!rows) return failure(std::move(rows));
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        return changes();
    }

protected:
    virtual Result<Statement*> prepare(std::string_view sql) = 0;
    virtual std::int64_t changes() const = 0;

private:
    template <class Argument>
    static void bind(Statement& statement, int index, const Argument& argument) {
        if constexpr (std::is_same_v<Argument, std::nullptr_t>) {
            statement.bind_null(index);
        } else if constexpr (std::is_same_v<Argument, Digest>) {
            statement.bind_bytes(index, argument.stored());
        } else if constexpr (std::is_same_v<Argument, Timestamp>) {
            statement.bind_integer(index, to_microseconds(argument));
        } else if constexpr (std::is_integral_v<Argument>) {
            statement.bind_integer(index, static_cast<std::int64_t>(argument));
        } else if constexpr (std::is_convertible_v<Argument, std::string_view>) {
            statement.bind_text(index, argument);
        } else if constexpr (std::is_convertible_v<Argument, std::span<const std::byte>>) {
            statement.bind_bytes(index, argument);
        } else if (argument) { // std::optional
            bind(statement, index, *argument);
        } else {
            statement.bind_null(index);
        }
    }
};

/// How much a read touches, which decides where it runs: a point or one page runs in place on the event loop, a scan on
/// a worker.
enum class ReadKind : std::uint8_t { point, page, scan };

/// A database whose work is closures: synchronous, free of other effects, re-runnable (a driver may run one again after
/// a serialization failure, and a closure that fails inside a group is run again alone).
/// Thread-safe: any coroutine on any loop may call it.
class Database {
public:
    virtual ~Database() = default;

    /// Runs `work(Session&)`, which returns a `Result`, on a consistent snapshot.
    template <class Work>
    Task<std::invoke_result_t<Work&, Session&>> read(ReadKind kind, Work work) {
        std::optional<std::invoke_result_t<Work&, Session&>> out;
        std::function<Result<void>(Session&)> closure = [&](Session& session) -> Result<void> {
            out.emplace(work(session));
            return {};
        };
        auto done = co_await run_read(kind, closure);
        if (!done) co_return failure(std::move(done));
        co_return std::move(*out);
    }

    /// Runs `work(Session&)`, which returns a `Result`, in a transaction. A failure rolls back what the closure did. A
    /// value comes back only when it is durable.
    template <class Work>
    Task<std::invoke_result_t<Work&, Session&>> write(Work work) {
        std::optional<std::invoke_result_t<Work&, Session&>> out;
        std::function<Result<void>(Session&)> closure = [&](Session& session) -> Result<void> {
            out.emplace(work(session));
            if (!*out) return std::unexpected(out->error());
            return {};
        };
        auto done = co_await run_write(closure);
        if (!done) co_return failure(std::move(done));
        co_return std::move(*out);
    }

    /// What was read after this gave a number is still what is stored, as long as it gives the same number. nullopt: ask the
    /// database itself.
    std::optional<std::uint64_t> version() const noexcept { return version_.current(); }

protected:
    /// Drivers hold a `Change` of it around each commit.
    CommitVersion version_;

    /// Runs the closure once or more; the closure lives until the task ends.
    virtual Task<Result<void>> run_read(ReadKind kind, const std::function<Result<void>(Session&)>& work) = 0;
    virtual Task<Result<void>> run_write(const std::function<Result<void>(Session&)>& work) = 0;
};

} // namespace berth::storage
