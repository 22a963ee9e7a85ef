#include "storage/sqlite/sqlite_writer.hpp"

namespace berth::storage {
namespace {

using namespace std::chrono_literals;

// A client that pushes sends its next small blob or manifest within some 150 µs of the answer, and to wake a thread of an
// idle processor takes tens of them at both ends: as long as work comes in such rows, the writer waits for it awake.
constexpr auto longest_awake = 250us;

// A failure that the next attempt would meet again, whoever else is in the transaction. Anything else may be the fault of
// one closure of a group, for which the others must not pay.
bool is_failure_of_the_disk(const Error& error) {
    return error.code == ErrorCode::internal || error.code == ErrorCode::storage_read_only ||
           error.code == ErrorCode::unavailable;
}

} // namespace

SqliteWriter::SqliteWriter(std::unique_ptr<SqliteConnection> connection, const SqliteOptions& options, CommitVersion& version)
    : connection_(std::move(connection)), version_(version), group_limit_(std::max<std::size_t>(options.group_limit, 1)),
      checkpoint_pages_(options.checkpoint_pages), checkpoint_due_(options.checkpoint_pages), thread_([this] { work(); }) {}

SqliteWriter::~SqliteWriter() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    ready_.notify_one();
    thread_.join();
}

void SqliteWriter::enqueue(Pending& pending) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        first = queue_.empty();
        queue_.push_back(&pending);
        has_work_.store(true, std::memory_order_relaxed);
    }
    if (first) ready_.notify_one();
}

void SqliteWriter::work() {
    std::vector<Pending*> taken;
    while (take(taken)) {
        for (std::span<Pending* const> rest = taken; !rest.empty();) {
            const auto group = rest.first(std::min(group_limit_, rest.size()));
            rest = rest.subspan(group.size());
            run_group(group);
            answer(group);
            checkpoint_if_due();
        }
        taken.clear();
    }
}

// False at the end.
bool SqliteWriter::take(std::vector<Pending*>& taken) {
    const auto since = Clock::now();
    if (last_gap_ <= longest_awake) look_for_work(since);
    {
        std::unique_lock lock(mutex_);
        ready_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        taken.swap(queue_);
        has_work_.store(false, std::memory_order_relaxed);
    }
    last_gap_ = Clock::now() - since;
    return !taken.empty();
}

// Whoever else wants the processor gets it.
void SqliteWriter::look_for_work(Clock::time_point since) const {
    while (!has_work_.load(std::memory_order_relaxed) && Clock::now() - since < longest_awake) std::this_thread::yield();
}

void SqliteWriter::answer(std::span<Pending* const> group) {
    for (Pending* pending : group) {
        // What is pending lives in the caller's frame, which may be gone as soon as it runs.
        const auto caller = pending->caller;
        if (Executor* home = pending->home) {
            home->post([caller] { caller.resume(); });
        } else {
            caller.resume();
        }
    }
}

void SqliteWriter::run_group(std::span<Pending* const> group) {
    const auto done = try_group(group);
    if (done) return;
    if (group.size() > 1 && !is_failure_of_the_disk(done.error())) {
        for (Pending* const& pending : group) run_group(std::span(&pending, 1));
        return;
    }
    // Failures of closures too: they may have come from what others of the group had written.
    for (Pending* pending : group) {
        if (group.size() > 1 || pending->result) pending->result = done;
    }
}

// A failure means that nothing of the group is stored; failures of single closures are in their results.
Result<void> SqliteWriter::try_group(std::span<Pending* const> group) {
    connection_->begin_work(0);
    if (auto begun = connection_->control("begin immediate"); !begun) return begun;

    const bool alone = group.size() == 1;
    bool anything = false;
    for (Pending* pending : group) {
        if (auto kept = run_one(*pending, alone); !kept) {
            roll_back();
            return kept;
        }
        anything = anything || pending->result.has_value();
    }
    if (!anything) {
        roll_back();
        return {};
    }
    connection_->begin_work(0);
    const CommitVersion::Change change(version_);
    auto committed = connection_->control("commit");
    if (!committed) roll_back();
    return committed;
}

// A failure means that the whole transaction is lost.
Result<void> SqliteWriter::run_one(Pending& pending, bool alone) {
    connection_->begin_work(0);
    if (!alone) {
        if (auto begun = connection_->control("savepoint one"); !begun) return begun;
    }
    pending.result = (*pending.work)(*connection_);

    // As on PostgreSQL: a closure cannot succeed over a statement that failed.
    const auto failed = connection_->failed();
    if (failed && pending.result) pending.result = std::unexpected(*failed);
    if (!connection_->in_transaction()) {
        return std::unexpected(failed ? *failed : Error{ErrorCode::internal, "a closure ended its own transaction"});
    }
    if (alone) return {}; // a failure leaves nothing to commit

    connection_->begin_work(0);
    if (!pending.result) {
        if (auto undone = connection_->control("rollback to one"); !undone) return undone;
    }
    return connection_->control("release one");
}

void SqliteWriter::roll_back() {
    connection_->begin_work(0);
    if (connection_->in_transaction()) static_cast<void>(connection_->control("rollback"));
}

void SqliteWriter::checkpoint_if_due() {
    if (connection_->log_pages() < checkpoint_due_) return;
    // With a reader in the way, or no room, the rest is left for later; not for the very next commit.
    const bool whole = connection_->checkpoint();
    checkpoint_due_ = checkpoint_pages_ + (whole ? 0 : connection_->log_pages());
}

} // namespace berth::storage
