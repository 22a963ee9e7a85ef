#pragma once

#include "base/executor.hpp"
#include "storage/commit_version.hpp"
#include "storage/sqlite/sqlite_connection.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace berth::storage {

/// The one thread that writes. It takes everything that waits and runs each closure as a savepoint of one transaction,
/// so that many share the sync of one commit; nobody gets an answer before it.
class SqliteWriter {
public:
    using Work = std::function<Result<void>(Session&)>;

    /// Takes the connection over; `options` as for the database; every commit changes `version`.
    SqliteWriter(std::unique_ptr<SqliteConnection> connection, const SqliteOptions& options, CommitVersion& version);
    /// Runs what is queued, then joins.
    ~SqliteWriter();
    SqliteWriter(const SqliteWriter&) = delete;
    SqliteWriter& operator=(const SqliteWriter&) = delete;

    /// `auto done = co_await writer.run(work);`: the failure of the closure or of the commit. Comes back to the executor
    /// of the caller (to the writer's thread if the caller has none). `work` must live until then.
    auto run(const Work& work) { return Run{*this, {&work, {}, Executor::current(), {}}}; }

private:
    struct Pending {
        const Work* work;
        Result<void> result;
        Executor* home;
        std::coroutine_handle<> caller;
    };

    struct Run {
        SqliteWriter& writer;
        Pending pending;

        bool await_ready() noexcept { return false; }
        void await_suspend(std::coroutine_handle<> caller) {
            pending.caller = caller;
            writer.enqueue(pending); // the caller may be running again before this returns
        }
        Result<void> await_resume() { return std::move(pending.result); }
    };

    using Clock = std::chrono::steady_clock;

    void enqueue(Pending& pending);
    void work();
    bool take(std::vector<Pending*>& taken);
    void look_for_work(Clock::time_point since) const;
    void run_group(std::span<Pending* const> group);
    Result<void> try_group(std::span<Pending* const> group);
    Result<void> run_one(Pending& pending, bool alone);
    void roll_back();
    void checkpoint_if_due();
    static void answer(std::span<Pending* const> group);

    std::unique_ptr<SqliteConnection> connection_;
    CommitVersion& version_;
    std::size_t group_limit_;
    int checkpoint_pages_;
    int checkpoint_due_;

    std::mutex mutex_;
    std::condition_variable ready_;
    std::vector<Pending*> queue_;
    std::atomic<bool> has_work_ = false; // whether `queue_` holds any, for who looks without the lock
    bool stopping_ = false;
    Clock::duration last_gap_ = Clock::duration::max(); // how long there was nothing to do; the writer's own
    std::thread thread_;
};

} // namespace berth::storage
