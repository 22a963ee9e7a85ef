#include "storage/sqlite/sqlite_database.hpp"

#include "base/encoding.hpp"
#include "storage/sqlite/sqlite_error.hpp"
#include "storage/sqlite/sqlite_migrations.hpp"
#include "storage/testing/database_contract.hpp"
#include "storage/testing/faulty_file_layer.hpp"
#include "storage/testing/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <latch>
#include <thread>

namespace berth::storage {
namespace {

namespace fs = std::filesystem;
using Fault = FaultyFileLayer::Fault;

class SqlitePlace final : public DatabasePlace {
public:
    explicit SqlitePlace(const SqliteOptions& options) : options_(options) {}
    Result<std::unique_ptr<Database>> open(std::span<const Migration> steps) override {
        options_.steps = steps;
        return open_sqlite((folder_.path() / "berth.db").string(), options_);
    }

private:
    SqliteOptions options_;
    TemporaryFolder folder_;
};

DatabaseDriver sqlite(std::string name, const SqliteOptions& options) {
    return {std::move(name), [=] { return std::make_unique<SqlitePlace>(options); }};
}

INSTANTIATE_TEST_SUITE_P(
    Sqlite, DatabaseContract,
    testing::Values(sqlite("Default", {}),
                    sqlite("Cramped",
                           {.scan_threads = 1, .group_limit = 2, .point_budget = 1, .page_budget = 1, .checkpoint_pages = 1})),
    [](const auto& driver) { return driver.param.name; });

constexpr Migration steps[] = {{1, R"sql(
    create table items (id integer primary key autoincrement, name text not null unique, content bytea);
    create table copies (id bigint primary key, name text not null);
)sql"}};

// A database whose disk can fail.
class SqliteDatabaseTest : public testing::Test {
protected:
    SqliteDatabaseTest() { options_.file_layer = layer_.name(); }

    std::string path() const { return (folder_.path() / "berth.db").string(); }
    Result<std::unique_ptr<Database>> open() { return open_sqlite(path(), options_); }
    void must_open() {
        auto opened = open();
        ASSERT_TRUE(opened) << opened.error().message;
        database_ = std::move(*opened);
    }
    Result<std::int64_t> insert(std::int64_t id, std::size_t size = 10) {
        return sync_wait(database_->write([&](Session& session) -> Result<std::int64_t> {
            auto done = session.execute("insert into items (id, name, content) values (?1, ?2, ?3)", id, std::to_string(id),
                                        Bytes(size));
            if (!done) return done;
            return session.execute("insert into copies (id, name) values (?1, ?2)", id, std::to_string(id));
        }));
    }
    // How many items there are and how many copies.
    std::pair<std::int64_t, std::int64_t> counts() {
        const auto counted =
            sync_wait(database_->read(ReadKind::point, [](Session& session) -> Result<std::pair<std::int64_t, std::int64_t>> {
                auto rows = session.query("select (select count(*) from items), (select count(*) from copies)");
                if (!rows) return failure(std::move(rows));
                auto row = rows->next();
                if (!row) return failure(std::move(row));
                return std::pair{rows->integer(0), rows->integer(1)};
            }));
        EXPECT_TRUE(counted) << counted.error().message;
        return counted.value_or(std::pair<std::int64_t, std::int64_t>(-1, -1));
    }
    // Runs the closures while the writer is held, so that they come to it together; gives their answers.
    std::vector<Result<std::int64_t>> write_together(std::vector<std::function<Result<std::int64_t>(Session&)>> closures) {
        std::vector<Result<std::int64_t>> answers(closures.size(), failure(ErrorCode::internal, "none"));
        std::latch held(1);
        std::latch go(1);
        std::latch done(static_cast<std::ptrdiff_t>(closures.size()) + 1);
        const auto run = [](Database& database, std::function<Result<std::int64_t>(Session&)> closure,
                            Result<std::int64_t>& answer, std::latch& end) -> Task<void> {
            auto write = database.write(std::move(closure));
            answer = co_await std::move(write);
            end.count_down();
        };
        Result<std::int64_t> first = 0;
        run(
            *database_,
            [&](Session&) -> Result<std::int64_t> {
                held.count_down();
                go.wait();
                return 0;
            },
            first, done)
            .detach();
        held.wait();
        for (std::size_t i = 0; i < closures.size(); ++i) {
            run(*database_, std::move(closures[i]), answers[i], done).detach();
        }
        go.count_down();
        done.wait();
        return answers;
    }

    TemporaryFolder folder_;
    FaultyFileLayer layer_;
    SqliteOptions options_{.steps = steps};
    std::unique_ptr<Database> database_;
};

// More than SQLite's cache: pages go to the log before the end, are read back from there and written again.
TEST_F(SqliteDatabaseTest, ATransactionLargerThanItsCacheReadsWhatItWrote) {
    must_open();
    constexpr std::int64_t rows = 3000;
    constexpr std::size_t size = 8 * 1024;
    const auto fill = [&](bool fail_at_the_end) {
        return sync_wait(database_->write([&](Session& session) -> Result<std::int64_t> {
            for (std::int64_t id = 1; id <= rows; ++id) {
                const Bytes content(size, std::byte(static_cast<unsigned char>(id)));
                auto done = session.execute("insert into items (name, content) values (?1, ?2)", std::to_string(id), content);
                if (!done) return done;
            }
            auto changed = session.execute("update items set name = name || 'x'");
            if (!changed) return changed;
            auto sum = session.query("select sum(length(content)), count(distinct substr(name, -1)) from items");
            if (!sum) return failure(std::move(sum));
            auto found = sum->next();
            if (!found) return failure(std::move(found));
            EXPECT_EQ(sum->integer(0), rows * static_cast<std::int64_t>(size));
            EXPECT_EQ(sum->integer(1), 1);
            if (fail_at_the_end) return failure(ErrorCode::conflict, "no");
            return rows;
        }));
    };
    EXPECT_FALSE(fill(true));
    EXPECT_EQ(counts().first, 0);
    ASSERT_TRUE(fill(false));
    EXPECT_EQ(counts().first, rows);
    ASSERT_TRUE(insert(rows + 1));
    database_.reset();
    must_open();
    EXPECT_EQ(counts().first, rows + 1);
    const auto whole = sync_wait(database_->read(ReadKind::scan, [](Session& session) -> Result<std::int64_t> {
        auto found = session.query("select count(*) from items where id <= 3000 and name = id || 'x' and "
                                   "hex(substr(content, 8192, 1)) = printf('%02X', id % 256)");
        if (!found) return failure(std::move(found));
        auto row = found->next();
        if (!row) return failure(std::move(row));
        return found->integer(0);
    }));
    EXPECT_EQ(whole.value(), rows);
}

TEST_F(SqliteDatabaseTest, WritesThatWaitTogetherShareOneSync) {
    options_.checkpoint_pages = 1'000'000;
    must_open();
    ASSERT_TRUE(insert(1));
    layer_.take_syncs();
    ASSERT_TRUE(insert(2));
    EXPECT_EQ(layer_.take_syncs(), 1) << "one alone is durable when it is answered";

    std::vector<std::function<Result<std::int64_t>(Session&)>> closures;
    for (int i = 0; i < 64; ++i) {
        closures.emplace_back([i](Session& session) {
            return session.execute("insert into items (id, name) values (?1, ?2)", 10 + i, std::to_string(10 + i % 63));
        });
    }
    const auto answers = write_together(std::move(closures));
    EXPECT_LE(layer_.take_syncs(), 2);
    EXPECT_EQ(std::ranges::count_if(answers, [](const auto& answer) { return answer.has_value(); }), 63);
    ASSERT_FALSE(answers.back()); // the name of the first again
    EXPECT_EQ(answers.back().error().code, ErrorCode::already_exists);
    EXPECT_EQ(counts().first, 65);
}

TEST_F(SqliteDatabaseTest, OneThatDoesNotFitDoesNotHarmTheOthersOfItsGroup) {
    options_.checkpoint_pages = 1'000'000;
    must_open();
    layer_.limit_size(1'000'000);
    std::vector<std::function<Result<std::int64_t>(Session&)>> closures;
    for (int i = 0; i < 8; ++i) {
        closures.emplace_back([i](Session& session) {
            return session.execute("insert into items (id, name, content) values (?1, ?2, ?3)", i, std::to_string(i),
                                   Bytes(i == 4 ? 20'000'000 : 10)); // more than the cache of pages takes
        });
    }
    const auto answers = write_together(std::move(closures));
    for (std::size_t i = 0; i < answers.size(); ++i) {
        EXPECT_EQ(answers[i].has_value(), i != 4) << i;
    }
    ASSERT_FALSE(answers[4]);
    EXPECT_EQ(answers[4].error().code, ErrorCode::storage_full);
    EXPECT_EQ(counts().first, 7);
}

TEST_F(SqliteDatabaseTest, AFailedCommitFailsAllThatWereInIt) {
    must_open();
    ASSERT_TRUE(insert(1));
    std::vector<std::function<Result<std::int64_t>(Session&)>> closures;
    for (int i = 0; i < 5; ++i) {
        closures.emplace_back([this, i](Session& session) -> Result<std::int64_t> {
            if (i == 4) layer_.fail_call(0, Fault::io_error);
            if (i == 3) return failure(ErrorCode::tag_unknown, "would have failed anyway");
            return session.execute("insert into items (id, name) values (?1, ?2)", 10 + i, std::to_string(10 + i));
        });
    }
    for (const auto& answer : write_together(std::move(closures))) {
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().code, ErrorCode::internal) << answer.error().message;
    }
    EXPECT_TRUE(layer_.fired());
    EXPECT_EQ(counts().first, 1);
    ASSERT_TRUE(insert(2)) << "and then it goes on";
}

TEST_F(SqliteDatabaseTest, EachCallMayFailAndNothingIsLostOrHalfDone) {
    options_.checkpoint_pages = 4;
    for (const auto fault : {Fault::io_error, Fault::torn, Fault::full}) {
        std::int64_t calls = 0;
        for (bool fired = true; fired; ++calls) {
            ASSERT_LT(calls, 500);
            fs::remove(path());
            layer_.fail_call(calls, fault);
            std::vector<std::int64_t> kept;
            if (auto opened = open()) {
                database_ = std::move(*opened);
                for (std::int64_t id = 1; id <= 6; ++id) {
                    const auto done = insert(id, id == 3 ? 30'000 : 10);
                    if (done) {
                        kept.push_back(id);
                    } else {
                        EXPECT_TRUE(done.error().code == ErrorCode::internal || done.error().code == ErrorCode::storage_full);
                    }
                }
                EXPECT_GE(kept.size(), 5U) << "one fault fails one write at most";
                fired = layer_.fired();
                layer_.fail_call(-1, fault);
                const auto [items, copies] = counts();
                EXPECT_EQ(items, static_cast<std::int64_t>(kept.size()));
                EXPECT_EQ(copies, items);
                database_.reset();
            } else {
                EXPECT_TRUE(layer_.fired()) << opened.error().message;
                layer_.fail_call(-1, fault);
            }
            must_open();
            EXPECT_TRUE(insert(100));
            const auto [items, copies] = counts();
            EXPECT_EQ(items, static_cast<std::int64_t>(kept.size()) + 1) << "call " << calls;
            EXPECT_EQ(copies, items);
            database_.reset();
        }
        EXPECT_GT(calls, 40) << "there are calls that can fail";
    }
}

TEST_F(SqliteDatabaseTest, AFullDiskIsAClearErrorReadsGoOnAndItRecovers) {
    must_open();
    ASSERT_TRUE(insert(1));
    layer_.limit_size(0);
    for (int i = 0; i < 3; ++i) {
        const auto done = insert(2);
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code, ErrorCode::storage_full);
        EXPECT_EQ(counts().first, 1);
    }
    layer_.limit_size(INT64_MAX);
    EXPECT_TRUE(insert(2));
    EXPECT_EQ(counts().first, 2);
}

TEST_F(SqliteDatabaseTest, ALongReadLeavesTheThreadOfItsCaller) {
    must_open();
    const auto threads_of = [&](ReadKind kind, int rounds) {
        std::vector<std::thread::id> threads;
        const auto done = sync_wait(database_->read(kind, [&](Session& session) -> Result<std::int64_t> {
            threads.push_back(std::this_thread::get_id());
            auto rows = session.query("with recursive n(i) as (select 1 union all select i + 1 from n where i < ?1) "
                                      "select count(*) from n",
                                      rounds);
            if (!rows) return failure(std::move(rows));
            auto row = rows->next();
            if (!row) return failure(std::move(row));
            return rows->integer(0);
        }));
        EXPECT_EQ(done.value_or(0), rounds);
        return threads;
    };
    const auto here = std::this_thread::get_id();
    EXPECT_EQ(threads_of(ReadKind::point, 10), std::vector{here});
    EXPECT_EQ(threads_of(ReadKind::page, 10), std::vector{here});
    for (const auto kind : {ReadKind::point, ReadKind::page}) {
        const auto threads = threads_of(kind, 300'000);
        ASSERT_EQ(threads.size(), 2);
        EXPECT_EQ(threads[0], here);
        EXPECT_NE(threads[1], here);
    }
    const auto scan = threads_of(ReadKind::scan, 300'000);
    ASSERT_EQ(scan.size(), 1);
    EXPECT_NE(scan[0], here);
    EXPECT_EQ(threads_of(ReadKind::point, 10), std::vector{here}) << "the limit starts anew";
}

TEST_F(SqliteDatabaseTest, WaitsForAnotherProgramOnlySoLong) {
    options_.busy_timeout = std::chrono::milliseconds(20);
    must_open();
    sqlite3* other = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &other), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(other, "begin immediate", nullptr, nullptr, nullptr), SQLITE_OK);
    const auto done = insert(1);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::unavailable);
    EXPECT_EQ(counts().first, 0);
    sqlite3_exec(other, "rollback", nullptr, nullptr, nullptr);
    EXPECT_TRUE(insert(1));
    sqlite3_close(other);
}

TEST_F(SqliteDatabaseTest, ItsFilesAreForItsOwnerOnly) {
    must_open();
    ASSERT_TRUE(insert(1));
    for (const char* suffix : {"", "-wal", "-shm"}) {
        EXPECT_EQ(fs::status(path() + suffix).permissions(), fs::perms::owner_read | fs::perms::owner_write) << suffix;
    }
}

TEST_F(SqliteDatabaseTest, TheLogDoesNotGrowForEver) {
    options_.checkpoint_pages = 100;
    must_open();
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(insert(i, 20'000));
    EXPECT_LT(fs::file_size(path() + "-wal"), 2'000'000);
    EXPECT_GT(fs::file_size(path()), 6'000'000);
}

TEST_F(SqliteDatabaseTest, RefusesFilesOfOthers) {
    sqlite3* other = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &other), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(other, "create table notes (x)", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(other);
    auto opened = open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::conflict);
    EXPECT_NE(opened.error().message.find("not made by berth"), std::string::npos);

    fs::remove(path());
    std::ofstream(path()) << std::string(10'000, 'x');
    opened = open();
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message.find("damaged"), std::string::npos) << opened.error().message;
}

TEST_F(SqliteDatabaseTest, AnUpgradeMayNotLeaveRowsThatReferToNothing) {
    const Migration first[] = {{1, "create table parents (id bigint primary key);"
                                   "create table children (id bigint references parents(id));"
                                   "insert into parents values (1); insert into children values (1);"}};
    const Migration both[] = {first[0], {2, "delete from parents;"}};
    options_.steps = first;
    ASSERT_TRUE(open());
    options_.steps = both;
    auto opened = open();
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message.find("refer to nothing"), std::string::npos) << opened.error().message;
    options_.steps = first;
    EXPECT_TRUE(open());
}

TEST(SqliteMigrations, TranslatesTheSchemasWords) {
    EXPECT_EQ(to_sqlite("content bytea, bytea_count bigint, mybytea text, x bytea"),
              "content blob, bytea_count bigint, mybytea text, x blob");
    EXPECT_EQ(to_sqlite(""), "");
    EXPECT_EQ(to_sqlite("bytea"), "blob");
}

TEST(Migrations, AreNumberedFromOneWithoutAGap) {
    int expected = 0;
    for (const auto& step : migrations()) EXPECT_EQ(step.version, ++expected);
    EXPECT_GE(expected, 1);
}

TEST(SqliteError, NamesTheCause) {
    const struct {
        int code;
        ErrorCode expected;
    } cases[] = {
        {SQLITE_CONSTRAINT_UNIQUE, ErrorCode::already_exists},
        {SQLITE_CONSTRAINT_PRIMARYKEY, ErrorCode::already_exists},
        {SQLITE_CONSTRAINT_ROWID, ErrorCode::already_exists},
        {SQLITE_CONSTRAINT_NOTNULL, ErrorCode::conflict},
        {SQLITE_CONSTRAINT_FOREIGNKEY, ErrorCode::conflict},
        {SQLITE_CONSTRAINT_CHECK, ErrorCode::conflict},
        {SQLITE_FULL, ErrorCode::storage_full},
        {SQLITE_IOERR_SHMSIZE, ErrorCode::storage_full},
        {SQLITE_READONLY, ErrorCode::storage_read_only},
        {SQLITE_READONLY_DIRECTORY, ErrorCode::storage_read_only},
        {SQLITE_BUSY, ErrorCode::unavailable},
        {SQLITE_LOCKED, ErrorCode::unavailable},
        {SQLITE_TOOBIG, ErrorCode::payload_too_large},
        {SQLITE_CORRUPT, ErrorCode::internal},
        {SQLITE_IOERR_FSYNC, ErrorCode::internal},
        {SQLITE_CANTOPEN, ErrorCode::internal},
        {SQLITE_ERROR, ErrorCode::internal},
    };
    for (const auto& [code, expected] : cases) {
        const auto error = sqlite_error(nullptr, code);
        EXPECT_EQ(error.code, expected) << code;
        EXPECT_FALSE(error.message.empty());
    }
}

} // namespace
} // namespace berth::storage
