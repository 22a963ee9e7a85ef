#include "storage/testing/blob_store_contract.hpp"

#include "storage/testing/loop_executor.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <unistd.h>

#include <thread>

namespace berth::storage {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

constexpr auto sha256 = DigestAlgorithm::sha256;
constexpr auto sha512 = DigestAlgorithm::sha512;

template <class T>
ErrorCode code_of(const Result<T>& result) {
    return result ? ErrorCode{} : result.error().code;
}

bool has_none(const Result<std::optional<Bytes>>& taken) { return taken && !*taken; }

} // namespace

std::string patterned(std::size_t size) {
    std::string out(size, '\0');
    std::uint32_t state = 12345;
    for (char& c : out) {
        state = state * 1664525 + 1013904223;
        c = static_cast<char>(state >> 24);
    }
    return out;
}

std::string content_of(BlobStore& store, const StorageKey& key) {
    auto object = sync_wait(store.open(key));
    if (!object) return "failed: " + object.error().message;
    std::string out(object->size, '\0');
    if (!object->file) return "not a file";
    std::size_t have = 0;
    while (have < out.size()) {
        const auto got = ::pread(object->file->get(), out.data() + have, out.size() - have, static_cast<off_t>(have));
        if (got <= 0) return "shorter than its size";
        have += static_cast<std::size_t>(got);
    }
    return out;
}

BlobStoreContract::BlobStoreContract() : place_(GetParam().make_place()) { reopen(); }

void BlobStoreContract::reopen() {
    store_.reset();
    auto opened = place_->open();
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
}

std::unique_ptr<UploadWriter> BlobStoreContract::writer(const UploadId& id, bool create) {
    auto opened = sync_wait(store().open_upload(id, sha256, create));
    if (opened) return std::move(*opened);
    ADD_FAILURE() << opened.error().message;
    std::abort();
}

TEST_P(BlobStoreContract, KeepsContentOfAnySize) {
    constexpr std::size_t kib = 1024;
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, 64 * kib - 1, 64 * kib, 64 * kib + 1, 256 * kib,
                                   512 * kib + 1, 3 * 1024 * kib + 77}) {
        const auto content = patterned(size);
        for (const std::size_t step : {std::size_t{1000}, 16 * kib, 300 * kib, 10'000 * kib}) {
            auto upload = writer(Guid::random());
            EXPECT_EQ(upload->offset(), 0);
            for (std::size_t at = 0; at < size; at += step) {
                ASSERT_TRUE(sync_wait(upload->append(as_bytes(std::string_view(content).substr(at, step)))));
            }
            EXPECT_EQ(upload->offset(), size);
            EXPECT_EQ(sync_wait(upload->digest(sha256)), Digest::of(as_bytes(content)));
            const auto key = Guid::random();
            const auto done = sync_wait(upload->finish(key));
            ASSERT_TRUE(done) << done.error().message;
            ASSERT_TRUE(content_of(store(), key) == content) << size << " in steps of " << step;
        }
    }
}

TEST_P(BlobStoreContract, TakesTheBytesOfAppendBeforeItReturns) {
    const auto content = patterned(2'000'000);
    auto upload = writer(Guid::random());
    std::string buffer;
    for (std::size_t at = 0; at < content.size(); at += 100'000) {
        buffer = content.substr(at, 100'000);
        ASSERT_TRUE(sync_wait(upload->append(as_bytes(buffer))));
        buffer.assign(buffer.size(), '!');
    }
    EXPECT_EQ(sync_wait(upload->digest(sha256)), Digest::of(as_bytes(content)));
    const auto key = Guid::random();
    ASSERT_TRUE(sync_wait(upload->finish(key)));
    EXPECT_TRUE(content_of(store(), key) == content);
}

TEST_P(BlobStoreContract, TakesWhatIsPutIntoItsOwnRoom) {
    const auto content = patterned(2'000'000);
    for (const std::size_t step : {std::size_t{100}, std::size_t{70'000}, std::size_t{1'000'000}}) {
        auto upload = writer(Guid::random());
        std::string_view rest = content;
        while (!rest.empty()) {
            // Room is offered where the store has some, and only a part of it is used.
            const auto room = upload->room();
            const auto part = rest.substr(0, room.empty() ? step : std::min(step, room.size()));
            if (room.size() < part.size()) {
                ASSERT_TRUE(sync_wait(upload->append(as_bytes(part))));
            } else {
                std::ranges::copy(as_bytes(part), room.data());
                ASSERT_TRUE(sync_wait(upload->append(std::span<const std::byte>(room).first(part.size()))));
            }
            rest.remove_prefix(part.size());
        }
        EXPECT_EQ(upload->offset(), content.size());
        EXPECT_EQ(sync_wait(upload->digest(sha256)), Digest::of(as_bytes(content)));
        const auto key = Guid::random();
        ASSERT_TRUE(sync_wait(upload->finish(key)));
        EXPECT_TRUE(content_of(store(), key) == content);
    }
}

TEST_P(BlobStoreContract, GivesTheDigestOfEitherAlgorithmAtAnyTime) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{500}, std::size_t{40'000}, std::size_t{1'000'000}}) {
        const auto content = patterned(size);
        auto opened = sync_wait(store().open_upload(Guid::random(), sha512, true));
        ASSERT_TRUE(opened);
        auto& upload = **opened;
        const auto half = size / 2;
        ASSERT_TRUE(sync_wait(upload.append(as_bytes(content).first(half))));
        EXPECT_EQ(sync_wait(upload.digest(sha256)), Digest::of(as_bytes(content).first(half)));
        ASSERT_TRUE(sync_wait(upload.append(as_bytes(content).subspan(half))));
        EXPECT_EQ(sync_wait(upload.digest(sha512)), Digest::of(as_bytes(content), sha512));
        EXPECT_EQ(sync_wait(upload.digest(sha256)), Digest::of(as_bytes(content)));
    }
}

TEST_P(BlobStoreContract, GivesBackSmallContentOnly) {
    const auto small = patterned(1000);
    auto upload = writer(Guid::random());
    ASSERT_TRUE(sync_wait(upload->append(as_bytes(small))));
    EXPECT_TRUE(has_none(sync_wait(upload->take_if_small(999))));
    const auto taken = sync_wait(upload->take_if_small(1000));
    ASSERT_TRUE(taken && *taken);
    EXPECT_EQ(as_text(**taken), small);

    const auto large = patterned(700'000); // beyond what is kept in memory, but within the caller's limit
    auto second = writer(Guid::random());
    ASSERT_TRUE(sync_wait(second->append(as_bytes(large))));
    EXPECT_TRUE(has_none(sync_wait(second->take_if_small(699'999))));
    const auto all = sync_wait(second->take_if_small(700'000));
    ASSERT_TRUE(all && *all);
    EXPECT_TRUE(as_text(**all) == large);
}

TEST_P(BlobStoreContract, GoesOnWhereAPausedUploadStood) {
    for (const std::size_t part : {std::size_t{10}, std::size_t{70'000}, std::size_t{600'000}}) {
        const auto id = Guid::random();
        const auto content = patterned(part * 3);
        for (std::size_t round = 0; round < 3; ++round) {
            auto upload = writer(id, round == 0);
            ASSERT_EQ(upload->offset(), round * part);
            EXPECT_EQ(sync_wait(upload->digest(sha256)), Digest::of(as_bytes(content).first(round * part)));
            ASSERT_TRUE(sync_wait(upload->append(as_bytes(content).subspan(round * part, part))));
            const auto paused = sync_wait(upload->pause());
            ASSERT_TRUE(paused) << paused.error().message;
            upload.reset();
            EXPECT_EQ(sync_wait(store().upload_size(id)), (round + 1) * part);
            reopen();
            EXPECT_EQ(sync_wait(store().upload_size(id)), (round + 1) * part);
        }
        auto upload = writer(id, false);
        EXPECT_EQ(sync_wait(upload->digest(sha512)), Digest::of(as_bytes(content), sha512));
        const auto key = Guid::random();
        ASSERT_TRUE(sync_wait(upload->finish(key)));
        upload.reset();
        EXPECT_TRUE(content_of(store(), key) == content);
        EXPECT_EQ(code_of(sync_wait(store().upload_size(id))), ErrorCode::blob_upload_unknown) << "finished is gone";
        EXPECT_EQ(code_of(sync_wait(store().open_upload(id, sha256, false))), ErrorCode::blob_upload_unknown);
    }
}

TEST_P(BlobStoreContract, DropsWhatWasAppendedAfterTheLastPause) {
    for (const bool restart : {false, true}) {
        const auto id = Guid::random();
        const auto content = patterned(2'000'000);
        {
            auto upload = writer(id);
            ASSERT_TRUE(sync_wait(upload->append(as_bytes(content).first(500'000))));
            ASSERT_TRUE(sync_wait(upload->pause()));
        }
        {
            auto upload = writer(id);
            ASSERT_TRUE(sync_wait(upload->append(as_bytes(std::string(1'300'000, 'x')))));
        }
        if (restart) reopen();
        auto upload = writer(id, false);
        EXPECT_EQ(upload->offset(), 500'000);
        ASSERT_TRUE(sync_wait(upload->append(as_bytes(content).subspan(500'000))));
        const auto key = Guid::random();
        EXPECT_EQ(sync_wait(upload->digest(sha256)), Digest::of(as_bytes(content)));
        ASSERT_TRUE(sync_wait(upload->finish(key)));
        EXPECT_TRUE(content_of(store(), key) == content);
    }
}

TEST_P(BlobStoreContract, AnUploadThatWasNeverPausedLeavesNothing) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{10}, std::size_t{1'000'000}}) {
        const auto id = Guid::random();
        {
            auto upload = writer(id);
            ASSERT_TRUE(sync_wait(upload->append(as_bytes(patterned(size)))));
        }
        EXPECT_EQ(code_of(sync_wait(store().open_upload(id, sha256, false))), ErrorCode::blob_upload_unknown);
        EXPECT_EQ(code_of(sync_wait(store().upload_size(id))), ErrorCode::blob_upload_unknown);
        auto again = writer(id); // at once, though the workers may still be busy with the last one
        EXPECT_EQ(again->offset(), 0);
        ASSERT_TRUE(sync_wait(again->append(as_bytes(patterned(size)))));
        EXPECT_EQ(sync_wait(again->digest(sha256)), Digest::of(as_bytes(patterned(size))));
    }
}

TEST_P(BlobStoreContract, PausingWithoutBytesIsNoError) {
    const auto id = Guid::random();
    ASSERT_TRUE(sync_wait(writer(id)->pause()));
    auto upload = writer(id);
    EXPECT_EQ(upload->offset(), 0);
    ASSERT_TRUE(sync_wait(upload->append(as_bytes("x"))));
    ASSERT_TRUE(sync_wait(upload->pause()));
    upload = writer(id, false);
    ASSERT_TRUE(sync_wait(upload->pause()));
    EXPECT_EQ(sync_wait(store().upload_size(id)), 1);
}

TEST_P(BlobStoreContract, OneWriterPerUpload) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{10}, std::size_t{500'000}}) {
        const auto id = Guid::random();
        auto first = writer(id);
        ASSERT_TRUE(sync_wait(first->append(as_bytes(patterned(size)))));
        for (const bool create : {false, true}) {
            EXPECT_EQ(code_of(sync_wait(store().open_upload(id, sha256, create))), ErrorCode::conflict);
        }
        auto other = writer(Guid::random()); // another one is free
        ASSERT_TRUE(sync_wait(first->append(as_bytes("more"))));
        ASSERT_TRUE(sync_wait(first->pause()));
        auto second = writer(id, false); // even before the spent writer is destroyed
        EXPECT_EQ(second->offset(), size + 4);
    }
}

TEST_P(BlobStoreContract, AWriterIsSpentAfterItsEnd) {
    auto paused = writer(Guid::random());
    ASSERT_TRUE(sync_wait(paused->append(as_bytes("x"))));
    ASSERT_TRUE(sync_wait(paused->pause()));
    auto finished = writer(Guid::random());
    ASSERT_TRUE(sync_wait(finished->finish(Guid::random())));
    for (auto* upload : {paused.get(), finished.get()}) {
        EXPECT_EQ(code_of(sync_wait(upload->append(as_bytes("y")))), ErrorCode::internal);
        EXPECT_EQ(code_of(sync_wait(upload->pause())), ErrorCode::internal);
        EXPECT_EQ(code_of(sync_wait(upload->digest(sha256))), ErrorCode::internal);
        EXPECT_EQ(code_of(sync_wait(upload->take_if_small(10))), ErrorCode::internal);
        EXPECT_EQ(code_of(sync_wait(upload->finish(Guid::random()))), ErrorCode::internal);
    }
}

TEST_P(BlobStoreContract, ForgetsADiscardedUpload) {
    const auto id = Guid::random();
    EXPECT_TRUE(sync_wait(store().discard_upload(id))) << "not there is no error";
    auto upload = writer(id);
    ASSERT_TRUE(sync_wait(upload->append(as_bytes(patterned(100'000)))));
    ASSERT_TRUE(sync_wait(upload->pause()));
    EXPECT_TRUE(sync_wait(store().discard_upload(id)));
    EXPECT_EQ(code_of(sync_wait(store().upload_size(id))), ErrorCode::blob_upload_unknown);
    EXPECT_EQ(writer(id)->offset(), 0);
}

TEST_P(BlobStoreContract, DiscardingTakesAnUploadFromItsWriter) {
    for (const bool finishing : {false, true}) {
        for (const bool paused_before : {false, true}) {
            const auto id = Guid::random();
            auto upload = writer(id);
            if (paused_before) {
                ASSERT_TRUE(sync_wait(upload->append(as_bytes(patterned(100'000)))));
                ASSERT_TRUE(sync_wait(upload->pause()));
                upload = writer(id, false);
            }
            ASSERT_TRUE(sync_wait(upload->append(as_bytes("some"))));
            ASSERT_TRUE(sync_wait(store().discard_upload(id)));
            const auto key = Guid::random();
            const auto end = finishing ? sync_wait(upload->finish(key)) : sync_wait(upload->pause());
            EXPECT_EQ(code_of(end), ErrorCode::blob_upload_unknown);
            upload.reset();
            EXPECT_EQ(code_of(sync_wait(store().open_upload(id, sha256, false))), ErrorCode::blob_upload_unknown);
            EXPECT_EQ(code_of(sync_wait(store().open(key))), ErrorCode::blob_unknown);
        }
    }
}

TEST_P(BlobStoreContract, ForgetsOldUploadsButNoneInUse) {
    const auto kept = Guid::random();
    const auto in_use = Guid::random();
    for (const auto& id : {kept, in_use}) {
        auto upload = writer(id);
        ASSERT_TRUE(sync_wait(upload->append(as_bytes(patterned(100'000)))));
        ASSERT_TRUE(sync_wait(upload->pause()));
    }
    const auto young = sync_wait(store().discard_uploads_older_than(std::chrono::hours(1)));
    ASSERT_TRUE(young);
    EXPECT_EQ(young->discarded, 0);
    EXPECT_THAT(young->left, UnorderedElementsAre(kept, in_use));
    EXPECT_EQ(sync_wait(store().upload_size(kept)), 100'000);

    auto upload = writer(in_use, false);
    const auto old = sync_wait(store().discard_uploads_older_than(std::chrono::seconds(0)));
    ASSERT_TRUE(old);
    EXPECT_EQ(old->discarded, 1);
    EXPECT_THAT(old->left, ElementsAre(in_use));
    EXPECT_EQ(code_of(sync_wait(store().upload_size(kept))), ErrorCode::blob_upload_unknown);
    ASSERT_TRUE(sync_wait(upload->pause()));
    EXPECT_EQ(sync_wait(store().upload_size(in_use)), 100'000);
}

TEST_P(BlobStoreContract, SaysWhoseUploadsWerePaused) {
    const auto described = [&] {
        std::vector<std::string> out;
        const auto paused = sync_wait(store().paused_uploads());
        EXPECT_TRUE(paused);
        for (const auto& one : *paused) out.push_back(fmt::format("{} {} '{}'", one.id.value(), one.size, one.owner));
        return out;
    };
    EXPECT_THAT(described(), ElementsAre());
    const auto mine = Guid::random();
    const auto nobodys = Guid::random();
    const auto ended = Guid::random();
    const auto vanished = Guid::random();
    for (const auto& id : {mine, nobodys, ended, vanished}) {
        auto upload = writer(id);
        if (id == mine) upload->set_owner("a registry, somebody");
        ASSERT_TRUE(sync_wait(upload->append(as_bytes(patterned(100'000)))));
        if (id == vanished) continue;
        ASSERT_TRUE(sync_wait(upload->pause()));
    }
    // The next chunk keeps what its own writer was told.
    auto upload = writer(mine, false);
    upload->set_owner("a registry, somebody else");
    ASSERT_TRUE(sync_wait(upload->append(as_bytes(patterned(7)))));
    ASSERT_TRUE(sync_wait(upload->pause()));
    ASSERT_TRUE(sync_wait(writer(ended, false)->finish(Guid::random())));

    reopen();
    EXPECT_THAT(described(), UnorderedElementsAre(fmt::format("{} 100007 'a registry, somebody else'", mine.value()),
                                                  fmt::format("{} 100000 ''", nobodys.value())));
}

TEST_P(BlobStoreContract, OpensAndRemovesObjects) {
    const auto key = Guid::random();
    EXPECT_EQ(code_of(sync_wait(store().open(key))), ErrorCode::blob_unknown);
    EXPECT_TRUE(sync_wait(store().remove(key))) << "not there is no error";
    auto upload = writer(Guid::random());
    ASSERT_TRUE(sync_wait(upload->append(as_bytes(patterned(5000)))));
    ASSERT_TRUE(sync_wait(upload->finish(key)));
    reopen();
    const auto object = sync_wait(store().open(key));
    ASSERT_TRUE(object);
    EXPECT_EQ(object->size, 5000);
    EXPECT_TRUE(content_of(store(), key) == patterned(5000));
    EXPECT_TRUE(sync_wait(store().remove(key)));
    EXPECT_EQ(code_of(sync_wait(store().open(key))), ErrorCode::blob_unknown);
    EXPECT_TRUE(sync_wait(store().remove(key)));
}

TEST_P(BlobStoreContract, ManyUploadsAtOnceFromManyLoops) {
    LoopExecutor loops[2];
    std::vector<std::thread> threads;
    std::atomic<int> right = 0;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
            auto& loop = loops[t % 2];
            const auto content = patterned(200'000 + static_cast<std::size_t>(t) * 150'000);
            const auto body = [](BlobStore& blobs, const std::string& bytes, std::thread::id home) -> Task<bool> {
                const auto id = Guid::random();
                for (std::size_t at = 0; at < bytes.size(); at += 90'000) {
                    auto opening = blobs.open_upload(id, sha256, at == 0);
                    auto upload = co_await std::move(opening);
                    if (!upload) co_return false;
                    for (std::size_t i = at; i < std::min(at + 90'000, bytes.size()); i += 30'000) {
                        const auto part = as_bytes(std::string_view(bytes).substr(i, 30'000));
                        auto appending = (*upload)->append(part);
                        auto appended = co_await std::move(appending);
                        if (!appended || std::this_thread::get_id() != home) co_return false;
                    }
                    auto pausing = (*upload)->pause();
                    auto paused = co_await std::move(pausing);
                    if (!paused || std::this_thread::get_id() != home) co_return false;
                }
                auto opening = blobs.open_upload(id, sha256, false);
                auto upload = co_await std::move(opening);
                if (!upload) co_return false;
                auto digesting = (*upload)->digest(sha256);
                auto digest = co_await std::move(digesting);
                const auto key = Guid::random();
                auto finishing = (*upload)->finish(key);
                auto finished = co_await std::move(finishing);
                auto opening_object = blobs.open(key);
                auto object = co_await std::move(opening_object);
                co_return digest == Digest::of(as_bytes(bytes)) && finished&& object && object->size == bytes.size() &&
                    std::this_thread::get_id() == home;
            };
            if (loop.run(body(store(), content, loop.id()))) ++right;
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(right, 8);
}

} // namespace berth::storage
