#include "data_plane/blob_commit.hpp"

#include "base/worker_pool.hpp"
#include "data_plane/testing/content_database.hpp"
#include "storage/files/file_blob_store.hpp"
#include "storage/testing/temporary_folder.hpp"

#include <filesystem>

namespace berth::data_plane {
namespace {

using storage::Session;

class BlobCommits : public ContentDatabase {
protected:
    void SetUp() override {
        ContentDatabase::SetUp();
        auto opened = storage::FileBlobStore::open(folder_.path().string(), workers_);
        ASSERT_TRUE(opened);
        blobs_ = std::move(*opened);
    }
    BlobPush push(std::string_view repository, const Digest& digest) const {
        const auto event = [](std::string kind) {
            return storage::Event{.kind = std::move(kind), .registry = registry, .actor = "someone", .detail = {}};
        };
        return {.registry = registry,
                .repository = std::string(repository),
                .digest = digest,
                .now = now(),
                .pushed = event("blob.push"),
                .repository_created = event("repository.create")};
    }
    Result<bool> commit(std::string_view repository, std::string_view content) {
        auto writer = sync_wait(blobs_->open_upload(Guid::random(), DigestAlgorithm::sha256, true));
        EXPECT_TRUE(writer && sync_wait((*writer)->append(as_bytes(content))));
        return sync_wait(commit_upload(*database_, *blobs_, push(repository, Digest::of(as_bytes(content))), **writer));
    }
    std::size_t objects() const {
        std::size_t out = 0;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path() / "blobs")) {
            out += entry.is_regular_file() ? 1 : 0;
        }
        return out;
    }

    storage::TemporaryFolder folder_;
    WorkerPool workers_{1};
    std::unique_ptr<storage::FileBlobStore> blobs_;
};

TEST_F(BlobCommits, SmallOnesLiveInTheDatabase) {
    for (const std::string_view content : {"", "small"}) {
        const Digest digest = Digest::of(as_bytes(content));
        ASSERT_TRUE(sync_wait(commit_small_blob(*database_, push("a", digest), as_bytes(content))));
        const auto blob = read([&](Session& session) { return read_blob(session, registry, "a", digest, true); });
        EXPECT_EQ(blob.content, content);
        EXPECT_EQ(blob.size, content.size());
        EXPECT_FALSE(blob.key);
    }
    EXPECT_EQ(count("select count(*) from events where kind = 'blob.push'"), 2);
    EXPECT_EQ(count("select count(*) from events where kind = 'repository.create'"), 1);
}

TEST_F(BlobCommits, LargeOnesAreObjects) {
    const std::string content(200'000, 'x');
    ASSERT_TRUE(commit("a", content));
    const auto blob =
        read([&](Session& session) { return read_blob(session, registry, "a", Digest::of(as_bytes(content)), true); });
    ASSERT_TRUE(blob.key);
    EXPECT_EQ(blob.size, content.size());
    const auto object = sync_wait(blobs_->open(*blob.key));
    ASSERT_TRUE(object);
    EXPECT_EQ(object->size, content.size());
    EXPECT_EQ(count("select count(*) from pending_objects"), 0);
}

TEST_F(BlobCommits, WhatIsKnownIsKeptOnce) {
    const std::string content(200'000, 'x');
    EXPECT_EQ(commit("a", content), true);
    EXPECT_EQ(commit("b", content), false);
    EXPECT_EQ(objects(), 1U);
    EXPECT_EQ(count("select count(*) from pending_objects"), 0);
    EXPECT_EQ(count("select count(*) from blobs"), 1);
    EXPECT_EQ(count("select count(*) from repository_blobs"), 2);
}

TEST_F(BlobCommits, WhatWasQuarantinedTakesTheNewBytes) {
    const std::string content(200'000, 'x');
    EXPECT_EQ(commit("a", content), true);
    execute("update blobs set storage_key = null");
    EXPECT_EQ(commit("b", content), true);
    EXPECT_EQ(count("select count(*) from blobs where storage_key is not null"), 1);
}

// Nothing is there of the second one: neither made durable nor left to be removed.
TEST_F(BlobCommits, WhatIsKnownTouchesNoObject) {
    const std::string content(200'000, 'x');
    EXPECT_EQ(commit("a", content), true);
    auto writer = sync_wait(blobs_->open_upload(Guid::random(), DigestAlgorithm::sha256, true));
    ASSERT_TRUE(writer && sync_wait((*writer)->append(as_bytes(content))));
    ASSERT_EQ(sync_wait(commit_upload(*database_, *blobs_, push("b", Digest::of(as_bytes(content))), **writer)), false);
    EXPECT_TRUE(sync_wait((*writer)->pause())) << "the upload is as it was";
}

TEST_F(BlobCommits, ALockedRepositoryTakesNothing) {
    push_blob("a", "before");
    execute("update repositories set attributes = 13");
    const Digest small = Digest::of(as_bytes("small"));
    const auto refused = sync_wait(commit_small_blob(*database_, push("a", small), as_bytes("small")));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::operation_disallowed);
    EXPECT_FALSE(commit("a", std::string(200'000, 'x')));
    EXPECT_EQ(count("select count(*) from blobs"), 1);
    EXPECT_EQ(count("select count(*) from pending_objects"), 1) << "the sweeper finds the object by its note";
}

TEST_F(BlobCommits, AnotherRepositoryDoesNotReachIt) {
    push_blob("a", "content");
    push_blob("b", "other");
    const Digest digest = Digest::of(as_bytes("content"));
    const auto get = [&](std::string_view repository, const Digest& of) {
        return try_read([&](Session& session) { return read_blob(session, registry, repository, of, true); });
    };
    EXPECT_TRUE(get("a", digest));
    EXPECT_EQ(get("b", digest).error().code, ErrorCode::blob_unknown);
    EXPECT_EQ(get("c", digest).error().code, ErrorCode::name_unknown);
    execute("update repositories set attributes = 11");
    EXPECT_EQ(get("a", digest).error().code, ErrorCode::operation_disallowed);
    EXPECT_TRUE(read([&](Session& session) { return repositories_with_blob(session, registry, digest, 10); }).empty());
}

} // namespace
} // namespace berth::data_plane
