#include "storage/files/file_blob_store.hpp"

#include "storage/files/upload_state.hpp"
#include "storage/testing/blob_store_contract.hpp"
#include "storage/testing/faulty_file_system.hpp"
#include "storage/testing/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <thread>

namespace berth::storage {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

constexpr auto sha256 = DigestAlgorithm::sha256;

class FilePlace final : public BlobPlace {
public:
    FilePlace(const FileBlobOptions& options, unsigned threads, std::unique_ptr<FileSystem> files)
        : options_(options), files_(std::move(files)), threads_(threads) {}
    Result<std::unique_ptr<BlobStore>> open() override {
        // A process that died does nothing any more: what the last store left to its workers ends first.
        writers_.reset();
        workers_.reset();
        workers_.emplace(threads_);
        writers_.emplace(threads_);
        return FileBlobStore::open(folder_.path().string(), {*workers_, threads_ == 1 ? *workers_ : *writers_}, options_,
                                   files_ ? *files_ : real_file_system());
    }

private:
    FileBlobOptions options_;
    std::unique_ptr<FileSystem> files_;
    TemporaryFolder folder_;
    unsigned threads_;
    std::optional<WorkerPool> workers_;
    std::optional<WorkerPool> writers_;
};

BlobDriver files(std::string name, const FileBlobOptions& options, unsigned threads) {
    return {std::move(name), [=] { return std::make_unique<FilePlace>(options, threads, nullptr); }};
}

BlobDriver short_writes() {
    return {"ShortWrites", [] {
                auto files = std::make_unique<FaultyFileSystem>();
                files->shorten_writes(4093);
                return std::make_unique<FilePlace>(FileBlobOptions{}, 2, std::move(files));
            }};
}

INSTANTIATE_TEST_SUITE_P(
    Files, BlobStoreContract,
    testing::Values(files("Default", {}, 2), files("OneWorker", {}, 1),
                    files("SmallPieces", {.memory_limit = 0, .piece_size = 1000}, 3),
                    files("NoMemory", {.memory_budget = 0}, 2),
                    files("Direct", {.memory_limit = 0, .piece_size = 2 * direct_unit, .direct_from = 0}, 3), short_writes()),
    [](const auto& driver) { return driver.param.name; });

// One store on a folder of its own, with faults at hand.
class FileBlobStoreTest : public testing::Test {
protected:
    FileBlobStoreTest() { reopen(); }

    void reopen(const FileBlobOptions& options = {}) {
        store_.reset();
        auto opened = FileBlobStore::open(folder_.path().string(), workers_, options, files_);
        ASSERT_TRUE(opened) << opened.error().message;
        store_ = std::move(*opened);
        files_.take_calls();
    }
    BlobStore& store() { return *store_; }
    fs::path uploads() const { return folder_.path() / "uploads"; }

    Result<std::unique_ptr<UploadWriter>> open(const UploadId& id, bool create = true) {
        return sync_wait(store().open_upload(id, sha256, create));
    }
    // An upload with a pause after `content`.
    UploadId paused(const std::string& content) {
        const auto id = Guid::random();
        auto upload = open(id);
        EXPECT_TRUE(upload && sync_wait((*upload)->append(as_bytes(content))) && sync_wait((*upload)->pause()));
        return id;
    }
    std::size_t files_in(const fs::path& path) const {
        return static_cast<std::size_t>(std::ranges::count_if(fs::recursive_directory_iterator(path),
                                                              [](const auto& entry) { return entry.is_regular_file(); }));
    }
    // Cleaning up is the workers' business; with one worker it is done when this has run.
    void settle() { EXPECT_TRUE(sync_wait(store().discard_upload(Guid::random()))); }

    FaultyFileSystem files_;
    TemporaryFolder folder_;
    WorkerPool workers_{1};
    std::unique_ptr<BlobStore> store_;
};

// Another key whose object lies in the same folder.
Guid similar_to(const Guid& key) {
    std::string value = Guid::random().value();
    value.replace(0, 2, key.value(), 0, 2);
    return *Guid::parse(value);
}

std::string read_text(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}
void write_text(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

TEST_F(FileBlobStoreTest, ASmallUploadTouchesNoFileUntilItIsFinished) {
    auto upload = open(Guid::random());
    ASSERT_TRUE(upload);
    EXPECT_THAT(files_.take_calls(), ElementsAre("open")); // the look for a paused one
    ASSERT_TRUE(sync_wait((*upload)->append(as_bytes(patterned(64 * 1024)))));
    ASSERT_TRUE(sync_wait((*upload)->digest(sha256)));
    ASSERT_TRUE(sync_wait((*upload)->take_if_small(64 * 1024)));
    EXPECT_THAT(files_.take_calls(), ElementsAre());
    upload->reset();
    settle();
    EXPECT_EQ(files_in(folder_.path()), 0);
}

TEST_F(FileBlobStoreTest, SyncsTheBytesBeforeTheNameAndTheNameBeforeTheAnswer) {
    auto upload = open(Guid::random());
    ASSERT_TRUE(upload && sync_wait((*upload)->append(as_bytes("content"))));
    files_.take_calls();
    const auto key = Guid::random();
    ASSERT_TRUE(sync_wait((*upload)->finish(key)));
    EXPECT_THAT(files_.take_calls(),
                ElementsAre("remove", "open", "write", "sync", "make_folder", "sync_folder", "rename", "sync_folder"));
    // The folder of the same objects is durable by then, for another process too.
    for (const bool fresh : {false, true}) {
        if (fresh) reopen();
        upload = open(Guid::random());
        ASSERT_TRUE(upload && sync_wait((*upload)->append(as_bytes("content"))));
        files_.take_calls();
        ASSERT_TRUE(sync_wait((*upload)->finish(similar_to(key))));
        EXPECT_THAT(files_.take_calls(), ElementsAre("remove", "open", "write", "sync", "rename", "sync_folder"));
    }
}

TEST_F(FileBlobStoreTest, RemovingIsDurable) {
    auto upload = open(Guid::random());
    const auto key = Guid::random();
    ASSERT_TRUE(upload && sync_wait((*upload)->finish(key)));
    files_.take_calls();
    ASSERT_TRUE(sync_wait(store().remove(key)));
    EXPECT_THAT(files_.take_calls(), ElementsAre("remove", "sync_folder"));
}

TEST_F(FileBlobStoreTest, APauseDoesNotSync) {
    paused(patterned(1'000'000));
    for (const auto& call : files_.take_calls()) EXPECT_TRUE(call != "sync" && call != "sync_folder");
}

TEST_F(FileBlobStoreTest, AWrongStateIsNoUpload) {
    const auto content = patterned(100'000);
    const auto id = paused(content);
    const auto state_path = uploads() / (id.value() + ".state");
    const auto state = read_text(state_path);
    const auto data = read_text(uploads() / id.value());
    ASSERT_EQ(data, content);

    std::vector<std::string> wrong;
    for (std::size_t size = 0; size < state.size(); size += 7) wrong.push_back(state.substr(0, size));
    for (std::size_t at = 0; at < state.size(); at += 5) {
        wrong.push_back(state);
        wrong.back()[at] = static_cast<char>(wrong.back()[at] ^ 1);
    }
    wrong.push_back(state + "x");
    wrong.push_back(std::string(100'000, 'x'));
    for (const auto& text : wrong) {
        write_text(state_path, text);
        write_text(uploads() / id.value(), data);
        EXPECT_EQ(sync_wait(store().upload_size(id)).error().code, ErrorCode::blob_upload_unknown);
        const auto opened = open(id, false);
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error().code, ErrorCode::blob_upload_unknown);
        EXPECT_EQ(files_in(uploads()), 0) << "and what is left of it is gone";
    }

    write_text(state_path, state);
    write_text(uploads() / id.value(), data.substr(0, data.size() - 1));
    EXPECT_FALSE(open(id, false)) << "bytes are missing";
    write_text(state_path, state);
    EXPECT_EQ((*open(id))->offset(), 0) << "all bytes are missing";
    write_text(state_path, state);
    write_text(uploads() / id.value(), data);
    EXPECT_EQ((*open(id, false))->offset(), data.size()) << "the right one is right";
}

TEST_F(FileBlobStoreTest, BytesThatADeadProcessAppendedDoNotCount) {
    const auto content = patterned(100'000);
    const auto id = paused(content);
    std::ofstream(uploads() / id.value(), std::ios::binary | std::ios::app) << "never acknowledged";
    reopen();
    auto upload = open(id, false);
    const auto key = Guid::random();
    ASSERT_TRUE(upload && sync_wait((*upload)->finish(key)));
    EXPECT_TRUE(content_of(store(), key) == content);
}

TEST_F(FileBlobStoreTest, APausedUploadEndsWithTheMachinesRun) {
    reopen({.boot = "first run"});
    const auto id = paused(patterned(100'000));
    reopen({.boot = "second run"});
    EXPECT_EQ(sync_wait(store().upload_size(id)).error().code, ErrorCode::blob_upload_unknown);
    auto upload = open(id);
    ASSERT_TRUE(upload);
    EXPECT_EQ((*upload)->offset(), 0);
    EXPECT_EQ(files_in(uploads()), 0);
}

TEST_F(FileBlobStoreTest, NeverWritesIntoAFileThatIsThere) {
    // As after a power cut that kept both names of a file on its way from upload to object.
    const auto id = Guid::random();
    const auto key = Guid::random();
    auto upload = open(Guid::random());
    ASSERT_TRUE(upload && sync_wait((*upload)->append(as_bytes("precious"))) && sync_wait((*upload)->finish(key)));
    fs::create_hard_link(folder_.path() / "blobs" / key.value().substr(0, 2) / key.value(), uploads() / id.value());
    auto other = open(id);
    ASSERT_TRUE(other && sync_wait((*other)->append(as_bytes(patterned(1'000'000)))) && sync_wait((*other)->pause()));
    EXPECT_EQ(content_of(store(), key), "precious");
}

TEST_F(FileBlobStoreTest, CleansUpWhatADeadProcessLeft) {
    const auto old = fs::file_time_type::clock::now() - std::chrono::hours(3);
    for (const char* suffix : {"", ".state", ".state.new"}) {
        const auto path = uploads() / (Guid::random().value() + suffix);
        write_text(path, "left");
        fs::last_write_time(path, old);
    }
    write_text(uploads() / "of somebody else", "kept");
    fs::last_write_time(uploads() / "of somebody else", old);
    write_text(uploads() / Guid::random().value(), "young");
    const auto looked_at = sync_wait(store().discard_uploads_older_than(std::chrono::hours(2)));
    ASSERT_TRUE(looked_at);
    EXPECT_EQ(looked_at->discarded, 3);
    EXPECT_EQ(looked_at->left.size(), 1);
    EXPECT_EQ(files_in(uploads()), 2);
}

TEST_F(FileBlobStoreTest, TheNextStartRemovesWhatCannotBeGoneOnWith) {
    const auto content = patterned(100'000);
    reopen({.boot = "first run"});
    const auto of_another_run = paused(content);
    reopen({.boot = "second run"});
    const auto whole = paused(content);
    const auto cut_off = paused(content);
    std::ofstream(uploads() / cut_off.value(), std::ios::binary | std::ios::app) << "never acknowledged";
    const auto never_paused = Guid::random();
    write_text(uploads() / never_paused.value(), "never acknowledged");
    write_text(uploads() / "of somebody else", "kept");

    reopen({.boot = "second run"});
    const auto found = sync_wait(store().paused_uploads());
    ASSERT_TRUE(found);
    std::vector<Guid> ids;
    for (const auto& one : *found) {
        ids.push_back(one.id);
        EXPECT_EQ(one.size, content.size());
    }
    EXPECT_THAT(ids, testing::UnorderedElementsAre(whole, cut_off));
    settle();
    EXPECT_EQ(fs::file_size(uploads() / cut_off.value()), content.size());
    EXPECT_FALSE(fs::exists(uploads() / never_paused.value()));
    EXPECT_FALSE(fs::exists(uploads() / of_another_run.value()));
    EXPECT_EQ(files_in(uploads()), 5) << "two uploads with their states, and what is no upload";
    for (const auto& id : ids) EXPECT_EQ((*open(id, false))->offset(), content.size()) << "they go on";
}

TEST_F(FileBlobStoreTest, AFullDiskIsAClearErrorAndRecovers) {
    const auto id = paused(patterned(100'000));
    files_.set_room(300'000);
    {
        auto upload = open(id, false);
        ASSERT_TRUE(upload);
        Result<void> done;
        for (int i = 0; i < 20 && done; ++i) done = sync_wait((*upload)->append(as_bytes(patterned(200'000))));
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code, ErrorCode::storage_full);
        EXPECT_EQ(sync_wait((*upload)->pause()).error().code, ErrorCode::storage_full) << "once failed, it stays so";
    }
    settle();
    EXPECT_EQ(fs::file_size(uploads() / id.value()), 100'000) << "gives back what it took";
    files_.set_room(0);
    auto fresh = open(Guid::random());
    ASSERT_TRUE(fresh && sync_wait((*fresh)->append(as_bytes("x"))));
    const auto finished = sync_wait((*fresh)->finish(Guid::random()));
    ASSERT_FALSE(finished);
    EXPECT_EQ(finished.error().code, ErrorCode::storage_full);
    fresh->reset();

    files_.set_room(std::nullopt);
    auto upload = open(id, false);
    ASSERT_TRUE(upload);
    EXPECT_EQ((*upload)->offset(), 100'000);
    ASSERT_TRUE(sync_wait((*upload)->finish(Guid::random())));
    settle();
    EXPECT_EQ(files_in(folder_.path()), 1);
}

TEST_F(FileBlobStoreTest, AFailedSyncLosesTheUpload) {
    // What the system had in memory may be gone, though it no longer says so: only new bytes can be trusted.
    const auto id = paused(patterned(100'000));
    auto upload = open(id, false);
    ASSERT_TRUE(upload && sync_wait((*upload)->append(as_bytes("end"))));
    files_.fail_call(1, EIO); // after the write
    const auto key = Guid::random();
    const auto finished = sync_wait((*upload)->finish(key));
    ASSERT_FALSE(finished);
    EXPECT_EQ(finished.error().code, ErrorCode::internal);
    upload->reset();
    settle();
    EXPECT_EQ(files_in(folder_.path()), 0);
}

TEST_F(FileBlobStoreTest, WhatIsLargeGoesStraightToTheDisk) {
    constexpr std::size_t piece = 4 * direct_unit;
    reopen({.memory_limit = 0, .piece_size = piece, .direct_from = 2 * piece});
    const auto content = patterned(10 * piece + 100);
    const auto switches = [&] { return std::ranges::count(files_.take_calls(), "set_direct"); };
    const auto stored = [&](const Guid& id) {
        const auto key = Guid::random();
        auto again = open(id, false);
        EXPECT_EQ((*again)->offset(), content.size());
        EXPECT_TRUE(sync_wait((*again)->finish(key)));
        return read_text(folder_.path() / "blobs" / key.value().substr(0, 2) / key.value());
    };
    auto upload = open(Guid::random());
    files_.take_calls();
    ASSERT_TRUE(upload && sync_wait((*upload)->append(as_bytes(std::string_view(content).substr(0, 2 * piece)))));
    settle();
    EXPECT_EQ(switches(), 0) << "the beginning does not";
    ASSERT_TRUE(sync_wait((*upload)->append(as_bytes(std::string_view(content).substr(2 * piece)))));
    ASSERT_TRUE(sync_wait((*upload)->digest(sha256)));
    EXPECT_EQ(switches(), 2) << "on, and off for the rest that is no whole piece";
    ASSERT_TRUE(sync_wait((*upload)->append(as_bytes(content))));
    ASSERT_TRUE(sync_wait((*upload)->digest(sha256)));
    EXPECT_EQ(switches(), 0) << "what begins in the middle of a unit does not";
    // All of it is read again for another digest.
    EXPECT_EQ(*sync_wait((*upload)->digest(DigestAlgorithm::sha512)),
              Digest::of(as_bytes(content + content), DigestAlgorithm::sha512));
    upload->reset();

    // It goes on where a pause was, directly again if that is at a whole unit.
    const auto id = paused(content.substr(0, 6 * piece));
    files_.take_calls();
    upload = open(id, false);
    ASSERT_TRUE(upload && sync_wait((*upload)->append(as_bytes(std::string_view(content).substr(6 * piece)))));
    ASSERT_TRUE(sync_wait((*upload)->pause()));
    EXPECT_EQ(switches(), 2);
    upload->reset();
    EXPECT_EQ(stored(id), content);

    // Where the file system refuses it, at once or at the write, it is not asked again.
    for (const std::int64_t refused : {2, 3}) {
        reopen({.memory_limit = 0, .piece_size = piece, .direct_from = 0});
        for (const std::int64_t most : {refused - 1, std::int64_t{0}}) {
            const auto other = Guid::random();
            upload = open(other);
            files_.take_calls();
            if (most != 0) files_.fail_call(refused, EINVAL); // after the removal of what was there, and opening
            ASSERT_TRUE(upload && sync_wait((*upload)->append(as_bytes(content))));
            ASSERT_TRUE(sync_wait((*upload)->pause()));
            EXPECT_EQ(switches(), most);
            EXPECT_TRUE(files_.fired());
            upload->reset();
            EXPECT_EQ(stored(other), content);
        }
    }

    // A write that comes back short refuses nothing.
    reopen({.memory_limit = 0, .piece_size = piece, .direct_from = 0});
    for (const std::size_t most : {direct_unit, std::numeric_limits<std::size_t>::max()}) {
        const auto other = Guid::random();
        upload = open(other);
        files_.take_calls();
        files_.shorten_writes(most);
        ASSERT_TRUE(upload && sync_wait((*upload)->append(as_bytes(content))));
        ASSERT_TRUE(sync_wait((*upload)->pause()));
        files_.shorten_writes(std::numeric_limits<std::size_t>::max());
        EXPECT_EQ(switches(), most == direct_unit ? 20 : 2);
        upload->reset();
        EXPECT_EQ(stored(other), content);
    }
}

TEST_F(FileBlobStoreTest, GivesMemoryBack) {
    reopen({.piece_size = 1024 * 1024, .memory_budget = 2 * 1024 * 1024});
    for (int i = 0; i < 10; ++i) {
        auto upload = open(Guid::random());
        files_.take_calls();
        ASSERT_TRUE(upload && sync_wait((*upload)->append(as_bytes(patterned(1'500'000)))));
        // With memory for a piece one write happens, of the first full piece; without, each append is written at once.
        ASSERT_TRUE(sync_wait((*upload)->digest(sha256)));
        const auto calls = files_.take_calls();
        EXPECT_EQ(std::ranges::count(calls, "write"), 2) << "round " << i;
        upload->reset();
        settle();
    }
}

TEST_F(FileBlobStoreTest, AWriterMayOutliveItsStore) {
    for (const std::size_t size : {std::size_t{10}, std::size_t{1'000'000}}) {
        auto upload = open(Guid::random());
        ASSERT_TRUE(upload && sync_wait((*upload)->append(as_bytes(patterned(size)))));
        store_.reset();
        ASSERT_TRUE(sync_wait((*upload)->append(as_bytes("more"))));
        upload->reset();
        reopen();
    }
}

// A chunked upload, paused once and taken up, then finished; then the object is opened and removed. Says how far it came.
struct Progress {
    bool paused = false;
    bool finished = false;
    bool removed = false;
    std::optional<Error> error;
};
Progress run_scenario(BlobStore& store, const UploadId& id, const StorageKey& key, const std::string& content) {
    Progress progress;
    const auto fail = [&](const Error& error) {
        progress.error = error;
        return progress;
    };
    {
        auto upload = sync_wait(store.open_upload(id, sha256, true));
        if (!upload) return fail(upload.error());
        if (auto done = sync_wait((*upload)->append(as_bytes(content).first(400'000))); !done) return fail(done.error());
        if (auto done = sync_wait((*upload)->pause()); !done) return fail(done.error());
        progress.paused = true;
    }
    {
        auto upload = sync_wait(store.open_upload(id, sha256, false));
        if (!upload) return fail(upload.error());
        if (auto done = sync_wait((*upload)->append(as_bytes(content).subspan(400'000))); !done) return fail(done.error());
        auto digest = sync_wait((*upload)->digest(DigestAlgorithm::sha512));
        if (!digest) return fail(digest.error());
        EXPECT_EQ(*digest, Digest::of(as_bytes(content), DigestAlgorithm::sha512));
        if (auto done = sync_wait((*upload)->finish(key)); !done) return fail(done.error());
        progress.finished = true;
    }
    auto object = sync_wait(store.open(key));
    if (!object) return fail(object.error());
    if (auto done = sync_wait(store.remove(key)); !done) return fail(done.error());
    progress.removed = true;
    return progress;
}

TEST(FileBlobStoreFaults, EachCallMayFailAndNothingIsLostOrHalfDone) {
    const auto content = patterned(1'100'000);
    for (const auto& [code, half] : {std::pair{EIO, false}, {EIO, true}, {ENOSPC, false}, {EROFS, false}}) {
        std::int64_t calls = 0;
        for (;; ++calls) {
            ASSERT_LT(calls, 200);
            const TemporaryFolder folder;
            FaultyFileSystem files;
            WorkerPool workers(1);
            const auto id = Guid::random();
            const auto key = Guid::random();
            auto store = FileBlobStore::open(folder.path().string(), workers, {}, files);
            ASSERT_TRUE(store);
            files.fail_call(calls, code, half);
            const auto progress = run_scenario(**store, id, key, content);
            const bool fired = files.fired();
            files.fail_call(-1, 0);
            store->reset();
            if (progress.error) {
                EXPECT_TRUE(fired);
                const auto expected = code == ENOSPC  ? ErrorCode::storage_full
                                      : code == EROFS ? ErrorCode::storage_read_only
                                                      : ErrorCode::internal;
                EXPECT_EQ(progress.error->code, expected) << progress.error->message << " at call " << calls;
            } else {
                EXPECT_TRUE(progress.removed);
            }

            // Another process finds either the whole object, or an upload as its last pause left it, or nothing.
            auto again = FileBlobStore::open(folder.path().string(), workers, {}, files);
            ASSERT_TRUE(again);
            const auto object = sync_wait((*again)->open(key));
            const auto size = sync_wait((*again)->upload_size(id));
            if (progress.finished && !progress.removed && object) {
                EXPECT_TRUE(content_of(**again, key) == content);
            }
            EXPECT_TRUE(progress.finished || !object) << "call " << calls;
            EXPECT_TRUE(progress.paused || !size) << "call " << calls;
            EXPECT_FALSE(size && object) << "call " << calls;
            if (size) {
                EXPECT_EQ(*size, 400'000);
            }
            EXPECT_EQ(run_scenario(**again, Guid::random(), similar_to(key), content).removed, true);
            if (size) {
                auto upload = sync_wait((*again)->open_upload(id, sha256, false));
                ASSERT_TRUE(upload);
                EXPECT_EQ(sync_wait((*upload)->digest(sha256)), Digest::of(as_bytes(content).first(400'000)));
            }
            if (!fired) break;
        }
        EXPECT_GT(calls, 30) << "the scenario makes calls that can fail";
    }
}

TEST(FileBlobStoreFaults, OpeningSaysWhatIsWrong) {
    TemporaryFolder folder;
    WorkerPool workers(1);
    FaultyFileSystem files;
    files.fail_call(0, EROFS);
    auto store = FileBlobStore::open(folder.path().string(), workers, {}, files);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, ErrorCode::storage_read_only);
    EXPECT_NE(store.error().message.find(folder.path().string()), std::string::npos);
    EXPECT_TRUE(FileBlobStore::open(folder.path().string(), workers, {}, files));
}

// Whoever discards an upload may come to the only worker before the work that gives the upload up.
TEST(FileBlobStore, DiscardsWhatIsGivenUpWithOneWorker) {
    const TemporaryFolder folder;
    WorkerPool workers(1);
    auto store = FileBlobStore::open(folder.path().string(), workers, {.memory_limit = 0}).value();
    for (int round = 0; round < 5; ++round) {
        const UploadId id = UploadId::random();
        auto writer = sync_wait(store->open_upload(id, sha256, true)).value();
        ASSERT_TRUE(sync_wait(writer->append(Bytes(600'000))));
        ASSERT_TRUE(sync_wait(writer->digest(sha256)));
        std::promise<void> gate;
        workers.submit([&, opened = gate.get_future().share()] { opened.wait(); });
        auto discarded = std::async(std::launch::async, [&] { return sync_wait(store->discard_upload(id)).has_value(); });
        std::this_thread::sleep_for(std::chrono::milliseconds(20)); // it waits for the worker now
        writer.reset();
        gate.set_value();
        EXPECT_TRUE(discarded.get());
        EXPECT_EQ(sync_wait(store->upload_size(id)).error().code, ErrorCode::blob_upload_unknown);
    }
    std::promise<void> done;
    workers.submit([&] { done.set_value(); });
    done.get_future().wait();
    EXPECT_TRUE(fs::is_empty(folder.path() / "uploads"));
}

TEST(FileBlobStore, HashesWhileTheDiskIsBusy) {
    const TemporaryFolder folder;
    WorkerPool workers(1);
    WorkerPool writers(1);
    auto store = FileBlobStore::open(folder.path().string(), {workers, writers}, {.memory_limit = 128 * 1024}).value();
    std::promise<void> gate;
    writers.submit([opened = gate.get_future().share()] { opened.wait(); });

    const UploadId id = UploadId::random();
    auto large = sync_wait(store->open_upload(id, sha256, true)).value();
    const Bytes content(FileBlobOptions{}.piece_size, std::byte{7});
    ASSERT_TRUE(sync_wait(large->append(content))); // handed over to be written
    auto digest = std::async(std::launch::async, [&] { return sync_wait(large->digest(sha256)); });

    auto other = sync_wait(store->open_upload(UploadId::random(), sha256, true)).value();
    const Bytes small(100 * 1024, std::byte{1});
    ASSERT_TRUE(sync_wait(other->append(small)));
    EXPECT_EQ(sync_wait(other->digest(sha256)), Digest::of(small, sha256));
    EXPECT_EQ(digest.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout) << "it is not written yet";

    gate.set_value();
    EXPECT_EQ(digest.get(), Digest::of(content, sha256));
}

} // namespace
} // namespace berth::storage
