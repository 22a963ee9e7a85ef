#include "storage/testing/database_contract.hpp"

#include "base/encoding.hpp"
#include "storage/testing/loop_executor.hpp"

#include <atomic>
#include <latch>
#include <limits>
#include <thread>

namespace berth::storage {
namespace {

using std::chrono::microseconds;

constexpr Migration contract_steps[] = {{1, R"sql(
    create table items (
        id integer primary key autoincrement,
        name text not null unique,
        parent bigint references items(id),
        size bigint not null default 0 check (size >= 0),
        content bytea
    );
    create table pairs (first text not null, second text not null, primary key (first, second)) without rowid;
)sql"}};

Result<std::int64_t> count(Session& session, std::string_view sql) {
    auto rows = session.query(sql);
    if (!rows) return failure(std::move(rows));
    auto row = rows->next();
    if (!row) return failure(std::move(row));
    return rows->integer(0);
}

ErrorCode code_of(const Result<std::int64_t>& result) { return result ? ErrorCode{} : result.error().code; }

// Starts `count` coroutines that all run at once and waits for them.
Task<void> run_counted(std::function<Task<void>(int)>& work, int i, std::latch& done) {
    co_await work(i);
    done.count_down();
}
void run_together(int count, std::function<Task<void>(int)> work) {
    std::latch done(count);
    for (int i = 0; i < count; ++i) run_counted(work, i, done).detach();
    done.wait();
}

} // namespace

DatabaseContract::DatabaseContract() : place_(GetParam().make_place()) { reopen(); }

Result<std::unique_ptr<Database>> DatabaseContract::open_with(std::span<const Migration> steps) {
    database_.reset();
    return place_->open(steps);
}

void DatabaseContract::reopen() {
    auto opened = open_with(contract_steps);
    ASSERT_TRUE(opened) << opened.error().message;
    database_ = std::move(*opened);
}

Result<std::int64_t> DatabaseContract::insert(std::int64_t id, std::string_view name) {
    return sync_wait(database().write(
        [&](Session& session) { return session.execute("insert into items (id, name) values (?1, ?2)", id, name); }));
}

std::string DatabaseContract::names() {
    const auto result = sync_wait(database().read(ReadKind::page, [](Session& session) -> Result<std::string> {
        std::string out;
        auto rows = session.query("select name from items order by id");
        if (!rows) return failure(std::move(rows));
        while (true) {
            auto row = rows->next();
            if (!row) return failure(std::move(row));
            if (!*row) return out;
            out += (out.empty() ? "" : " ") + std::string(rows->text(0));
        }
    }));
    return result ? *result : result.error().message;
}

TEST_P(DatabaseContract, ValuesComeBackAsTheyWereBound) {
    const auto digest = Digest::of(as_bytes("x"), DigestAlgorithm::sha512);
    const Timestamp time(microseconds(1'795'381'827'123'456));
    const Bytes with_nuls{std::byte{0}, std::byte{1}, std::byte{0}, std::byte{255}, std::byte{0}};
    const Bytes nothing;
    const std::optional<std::string> absent;
    const std::optional<std::int64_t> present = std::numeric_limits<std::int64_t>::min();
    const auto done = sync_wait(database().write([&](Session& session) -> Result<bool> {
        auto rows = session.query("select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12",
                                  std::numeric_limits<std::int64_t>::max(), true, "caf\u00e9 \U0001F6A2", std::string_view(),
                                  with_nuls, nothing, digest, time, absent, present, nullptr, 7U);
        if (!rows) return failure(std::move(rows));
        auto row = rows->next();
        if (!row) return row;
        EXPECT_EQ(rows->integer(0), std::numeric_limits<std::int64_t>::max());
        EXPECT_TRUE(rows->boolean(1));
        EXPECT_EQ(rows->text(2), "caf\u00e9 \U0001F6A2");
        EXPECT_FALSE(rows->is_null(3)); // empty is not null
        EXPECT_EQ(rows->text(3), "");
        EXPECT_TRUE(std::ranges::equal(rows->bytes(4), with_nuls));
        EXPECT_FALSE(rows->is_null(5));
        EXPECT_TRUE(rows->bytes(5).empty());
        EXPECT_EQ(rows->digest(6), digest);
        EXPECT_EQ(rows->time(7), time);
        EXPECT_TRUE(rows->is_null(8));
        EXPECT_EQ(rows->optional_text(8), std::nullopt);
        EXPECT_EQ(rows->integer(9), std::numeric_limits<std::int64_t>::min());
        EXPECT_TRUE(rows->is_null(10));
        EXPECT_EQ(rows->optional_text(2), "caf\u00e9 \U0001F6A2");
        EXPECT_EQ(rows->integer(11), 7);
        auto end = rows->next();
        EXPECT_EQ(end, false);
        EXPECT_EQ(rows->next(), false) << "the end stays the end";
        return true;
    }));
    EXPECT_TRUE(done) << done.error().message;
}

TEST_P(DatabaseContract, KeepsBytesAndLargeValues) {
    Bytes large(3'000'000);
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<std::byte>(i * 7 + i / 251);
    ASSERT_TRUE(sync_wait(database().write([&](Session& session) {
        return session.execute("insert into items (id, name, content) values (1, 'large', ?1)", large);
    })));
    reopen();
    const auto read = sync_wait(database().read(ReadKind::point, [](Session& session) -> Result<Bytes> {
        auto rows = session.query("select content from items where id = ?1", 1);
        if (!rows) return failure(std::move(rows));
        auto row = rows->next();
        if (!row) return failure(std::move(row));
        return Bytes(rows->bytes(0).begin(), rows->bytes(0).end());
    }));
    EXPECT_TRUE(read == large);
}

TEST_P(DatabaseContract, ADamagedDigestIsAnError) {
    const auto digest = sync_wait(database().read(ReadKind::point, [](Session& session) -> Result<Digest> {
        auto rows = session.query("select ?1", as_bytes("short"));
        if (!rows) return failure(std::move(rows));
        auto row = rows->next();
        if (!row) return failure(std::move(row));
        return rows->digest(0);
    }));
    ASSERT_FALSE(digest);
    EXPECT_EQ(digest.error().code, ErrorCode::internal);
}

TEST_P(DatabaseContract, RefusesNulInText) {
    // PostgreSQL cannot keep it; so nobody may.
    EXPECT_EQ(code_of(insert(1, std::string_view("a\0b", 3))), ErrorCode::invalid_parameter);
    EXPECT_EQ(names(), "");
}

TEST_P(DatabaseContract, TextIsOrderedByItsBytes) {
    int id = 0;
    for (const char* name : {"b", "B", "a-", "a", "_", "\u00e9", "a0", "aa", "A"}) ASSERT_TRUE(insert(++id, name));
    const auto sorted = sync_wait(database().read(ReadKind::page, [](Session& session) -> Result<std::string> {
        std::string out;
        auto rows = session.query("select name from items where name > ?1 order by name limit ?2", "A", 7);
        if (!rows) return failure(std::move(rows));
        while (true) {
            auto row = rows->next();
            if (!row) return failure(std::move(row));
            if (!*row) return out;
            out += std::string(rows->text(0)) + ' ';
        }
    }));
    EXPECT_EQ(sorted, "B _ a a- a0 aa b ");
}

TEST_P(DatabaseContract, SaysHowManyRowsWereChanged) {
    ASSERT_TRUE(insert(1, "a"));
    ASSERT_TRUE(insert(2, "b"));
    const auto done = sync_wait(database().write([](Session& session) -> Result<std::vector<std::int64_t>> {
        std::vector<std::int64_t> out;
        for (const auto& result :
             {session.execute("update items set size = 1"), session.execute("update items set size = 2 where id = ?1", 99),
              session.execute("insert into items (id, name) values (1, 'z') on conflict do nothing"),
              session.execute("delete from items where id = ?1", 2)}) {
            if (!result) return std::unexpected(result.error());
            out.push_back(*result);
        }
        return out;
    }));
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(*done, (std::vector<std::int64_t>{2, 0, 0, 1}));
}

TEST_P(DatabaseContract, GivesBackWhatAnUpsertStored) {
    ASSERT_TRUE(insert(5, "a"));
    const auto id = sync_wait(database().write([](Session& session) -> Result<std::int64_t> {
        auto rows = session.query("insert into items (name, size) values (?1, ?2) "
                                  "on conflict (name) do update set size = excluded.size returning id",
                                  "a", 9);
        if (!rows) return failure(std::move(rows));
        auto row = rows->next();
        if (!row) return failure(std::move(row));
        return rows->integer(0);
    }));
    EXPECT_EQ(id, 5);
}

TEST_P(DatabaseContract, NamesTheKindOfABrokenConstraint) {
    ASSERT_TRUE(insert(1, "a"));
    const struct {
        const char* sql;
        ErrorCode code;
    } cases[] = {
        {"insert into items (id, name) values (1, 'b')", ErrorCode::already_exists},
        {"insert into items (id, name) values (2, 'a')", ErrorCode::already_exists},
        {"insert into pairs (first, second) values ('x', 'y'), ('x', 'y')", ErrorCode::already_exists},
        {"insert into items (id) values (2)", ErrorCode::conflict},
        {"insert into items (id, name, size) values (2, 'b', -1)", ErrorCode::conflict},
        {"insert into items (id, name, parent) values (2, 'b', 77)", ErrorCode::conflict},
    };
    for (const auto& [sql, code] : cases) {
        const std::string_view statement = sql;
        EXPECT_EQ(code_of(sync_wait(database().write([&](Session& session) { return session.execute(statement); }))), code)
            << sql;
    }
    EXPECT_EQ(names(), "a");
}

TEST_P(DatabaseContract, KeepsWhatOthersReferTo) {
    ASSERT_TRUE(insert(1, "parent"));
    const auto remove = [](Session& session) { return session.execute("delete from items where id = 1"); };
    ASSERT_TRUE(sync_wait(database().write(
        [](Session& session) { return session.execute("insert into items (id, name, parent) values (2, 'child', 1)"); })));
    EXPECT_EQ(code_of(sync_wait(database().write(remove))), ErrorCode::conflict);
    EXPECT_EQ(names(), "parent child");
}

TEST_P(DatabaseContract, AFailedClosureLeavesNothing) {
    const auto done = sync_wait(database().write([](Session& session) -> Result<std::int64_t> {
        auto inserted = session.execute("insert into items (id, name) values (1, 'a')");
        if (!inserted) return inserted;
        return failure(ErrorCode::tag_unknown, "no");
    }));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::tag_unknown);
    EXPECT_EQ(done.error().message, "no");
    EXPECT_EQ(names(), "");
}

TEST_P(DatabaseContract, AfterAFailedStatementTheTransactionIsSpent) {
    ASSERT_TRUE(insert(1, "a"));
    std::string second;
    const auto done = sync_wait(database().write([&](Session& session) -> Result<bool> {
        static_cast<void>(session.execute("insert into items (id, name) values (2, 'b')"));
        static_cast<void>(session.execute("insert into items (id, name) values (1, 'again')"));
        auto after = session.execute("insert into items (id, name) values (3, 'c')");
        EXPECT_FALSE(after);
        return true; // a closure that overlooks a failure does not succeed
    }));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::already_exists);
    EXPECT_EQ(names(), "a");
    EXPECT_TRUE(insert(2, "b"));
}

TEST_P(DatabaseContract, MisuseIsAnErrorAndHarmsNothing) {
    ASSERT_TRUE(insert(1, "a"));
    const auto fails = [&](auto closure) {
        const Result<std::int64_t> done = sync_wait(database().write(closure));
        EXPECT_EQ(code_of(done), ErrorCode::internal);
    };
    fails([](Session& session) { return session.execute("no sql at all"); });
    fails([](Session& session) { return session.execute("insert into items (id, name) values (?1, ?2)", 1); });
    fails([](Session& session) { return session.execute("insert into items (id, name) values (?1, 'x')", 1, 2); });
    fails([](Session& session) { return session.execute("delete from items; delete from items"); });
    fails([](Session& session) -> Result<std::int64_t> {
        auto outer = session.query("select id from items");
        if (!outer) return failure(std::move(outer));
        auto row = outer->next();
        if (!row) return failure(std::move(row));
        auto inner = session.query("select id from items");
        if (!inner) return failure(std::move(inner));
        return 0;
    });
    EXPECT_EQ(code_of(sync_wait(
                  database().read(ReadKind::point, [](Session& session) { return session.execute("delete from items"); }))),
              ErrorCode::internal);
    EXPECT_EQ(names(), "a");
}

TEST_P(DatabaseContract, AReadSeesOneSnapshot) {
    ASSERT_TRUE(insert(1, "a"));
    for (const auto kind : {ReadKind::point, ReadKind::page, ReadKind::scan}) {
        std::int64_t next = 0;
        const auto seen = sync_wait(database().read(kind, [&](Session& session) -> Result<bool> {
            const auto before = count(session, "select count(*) from items");
            if (!before) return std::unexpected(before.error());
            next = 100 + *before;
            EXPECT_TRUE(insert(next, std::to_string(next)));
            const auto after = count(session, "select count(*) from items where id > 0");
            if (!after) return std::unexpected(after.error());
            return *before == *after;
        }));
        EXPECT_EQ(seen, true);
    }
    EXPECT_EQ(names(), "a 101 102 103");
}

TEST_P(DatabaseContract, AReadThatTakesLongStillAnswers) {
    for (const auto kind : {ReadKind::point, ReadKind::page, ReadKind::scan}) {
        const auto sum = sync_wait(database().read(kind, [](Session& session) {
            return count(session, "with recursive n(i) as (select 1 union all select i + 1 from n where i < 200000) "
                                  "select count(*) from n");
        }));
        EXPECT_EQ(sum, 200'000);
    }
    const auto loop = sync_wait(database().read(ReadKind::point, [](Session& session) -> Result<int> {
        int rounds = 0;
        for (; rounds < 20'000; ++rounds) {
            auto one = count(session, "select count(*) from items");
            if (!one) return failure(std::move(one));
        }
        return rounds;
    }));
    EXPECT_EQ(loop, 20'000);
}

TEST_P(DatabaseContract, AWriteSeesWhatItWroteAndTheNextReadToo) {
    const auto inside = sync_wait(database().write([](Session& session) -> Result<std::int64_t> {
        auto inserted = session.execute("insert into items (id, name) values (1, 'a')");
        if (!inserted) return inserted;
        return count(session, "select count(*) from items");
    }));
    EXPECT_EQ(inside, 1);
    for (int i = 2; i < 200; ++i) {
        ASSERT_TRUE(insert(i, std::to_string(i)));
        ASSERT_EQ(sync_wait(database().read(ReadKind::point,
                                            [](Session& session) { return count(session, "select count(*) from items"); })),
                  i);
    }
}

TEST_P(DatabaseContract, WhatWasReadIsStillStoredWhileTheVersionStays) {
    const auto read = [this] {
        return sync_wait(
            database().read(ReadKind::point, [](Session& session) { return count(session, "select count(*) from items"); }));
    };
    ASSERT_EQ(read(), 0);
    const auto before = database().version();
    ASSERT_TRUE(before);
    ASSERT_EQ(read(), 0);
    EXPECT_EQ(database().version(), before) << "reading changes nothing";

    constexpr int writes = 300;
    std::atomic<std::int64_t> acknowledged = 0;
    std::thread writer([&] {
        for (int i = 1; i <= writes; ++i) {
            EXPECT_TRUE(insert(i, std::to_string(i)));
            acknowledged = i;
        }
    });
    std::optional<std::uint64_t> version;
    std::int64_t remembered = 0;
    while (acknowledged < writes) {
        const std::int64_t there = acknowledged;
        if (const auto current = database().version(); current && current == version) {
            ASSERT_GE(remembered, there) << "what was acknowledged is missing in what still counts";
            continue;
        }
        version = database().version();
        const auto now = read();
        ASSERT_TRUE(now);
        ASSERT_GE(*now, there);
        remembered = *now;
    }
    writer.join();
    EXPECT_NE(database().version(), before);
}

TEST_P(DatabaseContract, ManyWritersAtOnceEachGetTheirOwnAnswer) {
    constexpr int writers = 64;
    std::vector<Result<std::int64_t>> answers(writers, failure(ErrorCode::internal, "none"));
    run_together(writers, [&](int i) -> Task<void> {
        auto write = database().write([i](Session& session) -> Result<std::int64_t> {
            auto done = session.execute("insert into items (id, name) values (?1, ?2)", i + 1, std::to_string(i / 2));
            if (!done) return done; // of each pair of names the second
            if (i % 8 == 0) return failure(ErrorCode::tag_invalid, "not this one");
            return i;
        });
        answers[static_cast<std::size_t>(i)] = co_await std::move(write);
    });
    std::int64_t stored = 0;
    for (int i = 0; i < writers; ++i) {
        const auto& answer = answers[static_cast<std::size_t>(i)];
        if (i % 8 == 0) {
            // Whoever was first of its pair decides; a closure that takes its name back leaves it to the other.
            EXPECT_TRUE(code_of(answer) == ErrorCode::tag_invalid || code_of(answer) == ErrorCode::already_exists);
        } else if (answer) {
            EXPECT_EQ(*answer, i);
            ++stored;
        } else {
            EXPECT_EQ(answer.error().code, ErrorCode::already_exists);
        }
    }
    EXPECT_EQ(stored, writers / 2) << "one of each name";
    reopen();
    EXPECT_EQ(sync_wait(database().read(ReadKind::point,
                                        [](Session& session) { return count(session, "select count(*) from items"); })),
              stored);
}

TEST_P(DatabaseContract, ReadersAndWritersDoNotDisturbEachOther) {
    // Each write moves one unit from one row to another: every snapshot has the same sum.
    ASSERT_TRUE(sync_wait(database().write([](Session& session) {
        return session.execute("insert into items (id, name, size) values (1, 'a', 1000), (2, 'b', 1000)");
    })));
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 100; ++i) {
                if (t % 2 == 0) {
                    if (!sync_wait(database().write([](Session& session) -> Result<std::int64_t> {
                            auto taken = session.execute("update items set size = size - 1 where id = 1");
                            if (!taken) return taken;
                            return session.execute("update items set size = size + 1 where id = 2");
                        }))) {
                        ++wrong;
                    }
                } else {
                    const auto kind = i % 3 == 0 ? ReadKind::scan : ReadKind::point;
                    const auto sum = sync_wait(database().read(kind, [](Session& session) -> Result<std::int64_t> {
                        auto first = count(session, "select size from items where id = 1");
                        if (!first) return first;
                        auto second = count(session, "select size from items where id = 2");
                        if (!second) return second;
                        return *first + *second;
                    }));
                    if (sum != 2000) ++wrong;
                }
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(sync_wait(database().read(
                  ReadKind::point, [](Session& session) { return count(session, "select size from items where id = 2"); })),
              1200);
}

TEST_P(DatabaseContract, GoesOnAtTheExecutorOfTheCaller) {
    LoopExecutor loop;
    const auto body = [](Database& database) -> Task<std::vector<std::thread::id>> {
        std::vector<std::thread::id> out;
        const auto read = [](Session& session) { return count(session, "select count(*) from items"); };
        for (const auto kind : {ReadKind::point, ReadKind::page, ReadKind::scan}) {
            auto reading = database.read(kind, read);
            auto result = co_await std::move(reading);
            EXPECT_EQ(result, 0);
            out.push_back(std::this_thread::get_id());
        }
        auto writing = database.write([](Session& session) { return session.execute("update items set size = 0"); });
        auto written = co_await std::move(writing);
        EXPECT_TRUE(written);
        out.push_back(std::this_thread::get_id());
        co_return out;
    };
    for (const auto id : loop.run(body(database()))) EXPECT_EQ(id, loop.id());
}

TEST_P(DatabaseContract, KeepsWhatWasWrittenWhenOpenedAgain) {
    ASSERT_TRUE(insert(1, "a"));
    for (int i = 0; i < 3; ++i) {
        reopen();
        ASSERT_TRUE(insert(10 + i, std::to_string(i)));
    }
    EXPECT_EQ(names(), "a 0 1 2");
}

TEST_P(DatabaseContract, UpgradesTheDataOfAnOlderVersion) {
    ASSERT_TRUE(insert(1, "a"));
    const Migration steps[] = {contract_steps[0],
                               {2, "alter table items add column note text; update items set note = name || '!';"},
                               {3, "create index items_by_note on items(note);"}};
    auto opened = open_with(steps);
    ASSERT_TRUE(opened) << opened.error().message;
    const auto note = sync_wait((*opened)->read(ReadKind::point, [](Session& session) -> Result<std::string> {
        auto rows = session.query("select note from items where id = 1");
        if (!rows) return failure(std::move(rows));
        auto row = rows->next();
        if (!row) return failure(std::move(row));
        return std::string(rows->text(0));
    }));
    EXPECT_EQ(note, "a!");
}

TEST_P(DatabaseContract, RefusesTheDataOfANewerVersion) {
    ASSERT_TRUE(insert(1, "a"));
    const Migration steps[] = {contract_steps[0], {2, "create table later (id integer primary key autoincrement);"}};
    ASSERT_TRUE(open_with(steps));
    auto opened = open_with(contract_steps);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::conflict);
    EXPECT_NE(opened.error().message.find("data version 2, this program knows 1"), std::string::npos) << opened.error().message;
    EXPECT_TRUE(open_with(steps)) << "and leaves it alone";
}

TEST_P(DatabaseContract, AnUpgradeThatFailsLeavesTheDataAsItWas) {
    ASSERT_TRUE(insert(1, "a"));
    const Migration bad_sql[] = {contract_steps[0], {2, "update items set name = 'changed'; create table items (x text);"}};
    auto opened = open_with(bad_sql);
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message.find("from version 1 to 2"), std::string::npos) << opened.error().message;
    reopen();
    EXPECT_EQ(names(), "a");
}

TEST_P(DatabaseContract, KnowsTheRealSchema) {
    auto place = GetParam().make_place();
    for (int i = 0; i < 2; ++i) {
        auto opened = place->open(migrations());
        ASSERT_TRUE(opened) << opened.error().message;
    }
}

} // namespace berth::storage
