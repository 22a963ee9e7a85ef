// What one durable commit costs alone and in company, what a point read costs, and how fast blobs go in.
//   storage_bench --benchmark_counters_tabular=true
// The database and the blobs lie in a folder below $TMPDIR (or /tmp): put it on the disk that you want to know about.

#include "base/encoding.hpp"
#include "storage/files/file_blob_store.hpp"
#include "storage/sqlite/sqlite_database.hpp"
#include "storage/testing/temporary_folder.hpp"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <latch>

namespace {

using namespace berth;
using namespace berth::storage;

constexpr Migration steps[] = {{1, R"sql(
    create table tags (repository_id bigint not null, name text not null, digest bytea not null,
                       primary key (repository_id, name)) without rowid;
    create table manifests (repository_id bigint not null, digest bytea not null, content bytea not null,
                            primary key (repository_id, digest));
    create table contents (digest bytea primary key, content bytea not null);
)sql"}};

template <class T>
T must(Result<T> result) {
    if (result) return std::move(*result);
    std::fputs(result.error().message.c_str(), stderr);
    std::abort();
}

class TagDatabase {
public:
    explicit TagDatabase(const SqliteOptions& options = {.steps = steps})
        : database_(must(open_sqlite((folder_.path() / "berth.db").string(), options))) {
        fill();
    }

    Database& operator*() const { return *database_; }

    static Result<std::int64_t> put_tag(Session& session, std::int64_t repository, const std::string& name) {
        return session.execute("insert into tags (repository_id, name, digest) values (?1, ?2, ?3) "
                               "on conflict (repository_id, name) do update set digest = excluded.digest",
                               repository, name, Digest::of(as_bytes(name)));
    }
    // As a pull by tag does it.
    static Result<std::size_t> get_manifest(Session& session, std::int64_t repository, const std::string& name) {
        auto rows = session.query("select m.digest, m.content from tags t join manifests m on m.repository_id = "
                                  "t.repository_id and m.digest = t.digest where t.repository_id = ?1 and t.name = ?2",
                                  repository, name);
        if (!rows) return failure(std::move(rows));
        auto row = rows->next();
        if (!row || !*row) return failure(ErrorCode::tag_unknown, "the tag is not there");
        return rows->bytes(1).size();
    }

private:
    void fill() {
        must(sync_wait(database_->write([](Session& session) -> Result<bool> {
            for (int i = 0; i < 10'000; ++i) {
                const auto name = std::to_string(i);
                if (auto done = put_tag(session, 1, name); !done) return failure(std::move(done));
                auto done = session.execute("insert into manifests (repository_id, digest, content) values (1, ?1, ?2)",
                                            Digest::of(as_bytes(name)), Bytes(700));
                if (!done) return failure(std::move(done));
            }
            return true;
        })));
    }

    TemporaryFolder folder_;
    std::unique_ptr<Database> database_;
};

Task<void> put_one(Database& database, int number, std::latch& done) {
    const auto name = std::to_string(number);
    auto write = database.write([&](Session& session) { return TagDatabase::put_tag(session, 2, name); });
    must(co_await std::move(write));
    done.count_down();
}

// A round is as many durable writes as the argument says, all waiting at once.
void durable_writes(benchmark::State& state) {
    TagDatabase database;
    const auto writers = static_cast<int>(state.range(0));
    int number = 0;
    for (auto _ : state) {
        std::latch done(writers);
        for (int i = 0; i < writers; ++i) put_one(*database, number++, done).detach();
        done.wait();
    }
    state.SetItemsProcessed(state.iterations() * writers);
}
BENCHMARK(durable_writes)->Arg(1)->Arg(8)->Arg(32)->Arg(128)->UseRealTime();

void point_read(benchmark::State& state) {
    TagDatabase database;
    int number = 0;
    for (auto _ : state) {
        const auto name = std::to_string(number++ % 10'000);
        const auto read = [&](Session& session) { return TagDatabase::get_manifest(session, 1, name); };
        benchmark::DoNotOptimize(must(sync_wait((*database).read(ReadKind::point, read))));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(point_read);

// A page of 100 tags.
void page_read(benchmark::State& state) {
    TagDatabase database;
    for (auto _ : state) {
        const auto read = [&](Session& session) -> Result<std::size_t> {
            std::size_t size = 0;
            auto rows = session.query("select name from tags where repository_id = ?1 and name > ?2 order by name limit ?3", 1,
                                      "5", 100);
            if (!rows) return failure(std::move(rows));
            while (true) {
                auto row = rows->next();
                if (!row) return failure(std::move(row));
                if (!*row) return size;
                size += rows->text(0).size();
            }
        };
        benchmark::DoNotOptimize(must(sync_wait((*database).read(ReadKind::page, read))));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(page_read);

// A blob of so many bytes kept in the database, durable: to compare with `blob_in_a_file`.
void blob_in_the_database(benchmark::State& state) {
    TagDatabase database;
    Bytes content(static_cast<std::size_t>(state.range(0)));
    std::uint64_t number = 0;
    for (auto _ : state) {
        ++number;
        std::memcpy(content.data(), &number, sizeof(number));
        must(sync_wait((*database).write([&](Session& session) {
            return session.execute("insert into contents (digest, content) values (?1, ?2)", Digest::of(content), content);
        })));
    }
    state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(blob_in_the_database)->RangeMultiplier(4)->Range(1024, 1 << 20)->UseRealTime();

void blob_in_a_file(benchmark::State& state) {
    TagDatabase database;
    TemporaryFolder folder;
    WorkerPool workers(2);
    const auto store = must(FileBlobStore::open(folder.path().string(), workers));
    const Bytes content(static_cast<std::size_t>(state.range(0)), std::byte{7});
    for (auto _ : state) {
        auto upload = must(sync_wait(store->open_upload(Guid::random(), DigestAlgorithm::sha256, true)));
        for (std::size_t at = 0; at < content.size(); at += 64 * 1024) {
            const auto part = std::span(content).subspan(at, std::min<std::size_t>(64 * 1024, content.size() - at));
            if (!sync_wait(upload->append(part))) std::abort();
        }
        must(sync_wait(upload->digest(DigestAlgorithm::sha256)));
        const auto key = Guid::random();
        if (!sync_wait(upload->finish(key))) std::abort();
        // The row that links it.
        must(sync_wait((*database).write([&](Session& session) {
            return session.execute("insert into contents (digest, content) values (?1, ?2)", key.value(), "");
        })));
        state.PauseTiming();
        if (content.size() > 1 << 20 && !sync_wait(store->remove(key))) std::abort();
        state.ResumeTiming();
    }
    state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(blob_in_a_file)->RangeMultiplier(4)->Range(1024, 1 << 20)->Arg(256 << 20)->UseRealTime();

// What SHA-256 alone does, on one core.
void hash_only(benchmark::State& state) {
    const Bytes content(1 << 20);
    for (auto _ : state) benchmark::DoNotOptimize(Digest::of(content));
    state.SetBytesProcessed(state.iterations() * (1 << 20));
}
BENCHMARK(hash_only);

void open_blob(benchmark::State& state) {
    TemporaryFolder folder;
    WorkerPool workers(1);
    const auto store = must(FileBlobStore::open(folder.path().string(), workers));
    auto upload = must(sync_wait(store->open_upload(Guid::random(), DigestAlgorithm::sha256, true)));
    const auto key = Guid::random();
    if (!sync_wait(upload->finish(key))) std::abort();
    for (auto _ : state) benchmark::DoNotOptimize(must(sync_wait(store->open(key))));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(open_blob);

} // namespace
