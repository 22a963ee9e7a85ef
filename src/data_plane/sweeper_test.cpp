#include "data_plane/sweeper.hpp"

#include "base/worker_pool.hpp"
#include "data_plane/garbage_store.hpp"
#include "data_plane/manifest_deletion.hpp"
#include "data_plane/testing/content_database.hpp"
#include "storage/files/file_blob_store.hpp"
#include "storage/testing/temporary_folder.hpp"

namespace berth::data_plane {
namespace {

using storage::Session;
using storage::StorageKey;

class Sweeping : public ContentDatabase {
protected:
    void SetUp() override {
        ContentDatabase::SetUp();
        auto opened = storage::FileBlobStore::open(folder_.path().string(), workers_);
        ASSERT_TRUE(opened);
        blobs_ = std::move(*opened);
    }
    Swept sweep() {
        clock_.time = now();
        Sweeper sweeper(*database_, *blobs_, clock_, {.grace = std::chrono::hours(1), .upload_rest = std::chrono::hours(25)});
        auto swept = sync_wait(sweeper.sweep());
        EXPECT_TRUE(swept) << swept.error().message;
        return *swept;
    }
    Swept sweep_later() {
        pass(std::chrono::hours(2));
        return sweep();
    }
    void delete_image(std::string_view repository, const Digest& digest) {
        const auto row = row_of(repository);
        write([&](Session& session) { return delete_manifest(session, row, digest, now()); });
    }
    bool has_blob(std::string_view repository, std::string_view content) {
        const Digest digest = Digest::of(as_bytes(content));
        return try_read([&](Session& session) { return read_blob(session, registry, repository, digest, false); }).has_value();
    }
    StorageKey store_object() {
        const StorageKey key = StorageKey::random();
        auto writer = sync_wait(blobs_->open_upload(Guid::random(), DigestAlgorithm::sha256, true));
        EXPECT_TRUE(writer && sync_wait((*writer)->append(as_bytes("object"))) && sync_wait((*writer)->finish(key)));
        return key;
    }
    bool has_object(const StorageKey& key) { return sync_wait(blobs_->open(key)).has_value(); }

    struct SetClock : Clock {
        Timestamp time{};
        Timestamp now() const noexcept override { return time; }
    };
    SetClock clock_;
    storage::TemporaryFolder folder_;
    WorkerPool workers_{1};
    std::unique_ptr<storage::FileBlobStore> blobs_;
};

TEST_F(Sweeping, TakesWhatADeletedImageListedAfterAGrace) {
    const Digest digest = push_image("a", "", "layer");
    pass(std::chrono::hours(2));
    delete_image("a", digest);
    EXPECT_EQ(sweep().links, 0U) << "within the grace";
    EXPECT_TRUE(has_blob("a", "layer"));
    const Swept swept = sweep_later();
    EXPECT_EQ(swept.links, 2U);
    EXPECT_EQ(swept.blobs, 2U);
    EXPECT_EQ(count("select count(*) from blobs"), 0);
    EXPECT_EQ(count("select count(*) from garbage_candidates"), 0);
}

TEST_F(Sweeping, LeavesWhatAnotherManifestLists) {
    const Digest first = push_image("a", "", "one");
    push_image("a", "", "two"); // the same config
    delete_image("a", first);
    sweep_later();
    EXPECT_FALSE(has_blob("a", "one"));
    EXPECT_TRUE(has_blob("a", "config"));
    EXPECT_TRUE(has_blob("a", "two"));
}

TEST_F(Sweeping, LeavesOtherRepositoriesAlone) {
    const Digest digest = push_image("a", "", "layer");
    push_image("b", "", "layer");
    push_blob("c", "layer"); // nobody lists it there, and nobody deleted anything there
    delete_image("a", digest);
    const Swept swept = sweep_later();
    EXPECT_EQ(swept.links, 2U);
    EXPECT_EQ(swept.blobs, 0U);
    EXPECT_FALSE(has_blob("a", "layer"));
    EXPECT_TRUE(has_blob("b", "layer"));
    EXPECT_TRUE(has_blob("c", "layer"));
}

TEST_F(Sweeping, LeavesWhatIsListedAgain) {
    const Digest digest = push_image("a", "", "layer");
    delete_image("a", digest);
    pass(std::chrono::minutes(59));
    push_image("a", "again", "layer");
    sweep_later();
    EXPECT_TRUE(has_blob("a", "layer"));
    EXPECT_TRUE(has_blob("a", "config"));
}

TEST_F(Sweeping, LeavesWhatWasSentAgain) {
    const Digest digest = push_image("a", "", "layer");
    delete_image("a", digest);
    pass(std::chrono::minutes(59));
    push_blob("a", "layer"); // the manifest is about to come
    pass(std::chrono::minutes(2));
    sweep();
    EXPECT_TRUE(has_blob("a", "layer"));
    EXPECT_FALSE(has_blob("a", "config"));
}

TEST_F(Sweeping, ADeletionAgainBeginsTheGraceAgain) {
    const Digest digest = push_image("a", "", "layer");
    delete_image("a", digest);
    pass(std::chrono::minutes(50));
    push_image("a", "", "layer");
    delete_image("a", digest);
    pass(std::chrono::minutes(20));
    sweep();
    EXPECT_TRUE(has_blob("a", "layer"));
    sweep_later();
    EXPECT_FALSE(has_blob("a", "layer"));
}

TEST_F(Sweeping, TakesAnUnlinkedBlobWithItsObject) {
    const StorageKey key = store_object();
    const Digest digest = Digest::of(as_bytes("object"));
    push_blob("a", "something");
    const auto row = row_of("a");
    write([&](Session& session) -> Result<void> {
        auto made = insert_blob(session, {.digest = digest, .size = 6, .key = key, .content = {}}, now());
        if (!made) return failure(std::move(made));
        return link_blob(session, row, digest, now());
    });
    write([&](Session& session) { return unlink_blob(session, row, digest, now()); });
    EXPECT_FALSE(has_blob("a", "object"));
    sweep();
    EXPECT_TRUE(has_object(key)) << "a pull may be going on";
    const Swept swept = sweep_later();
    EXPECT_EQ(swept.blobs, 1U);
    EXPECT_EQ(swept.objects, 1U);
    EXPECT_FALSE(has_object(key));
    EXPECT_EQ(count("select count(*) from pending_objects"), 0);
}

TEST_F(Sweeping, TakesObjectsWhosePushCameToNoEnd) {
    const StorageKey key = store_object();
    write([&](Session& session) { return insert_pending_object(session, key, now()); });
    sweep();
    EXPECT_TRUE(has_object(key));
    EXPECT_EQ(sweep_later().objects, 1U);
    EXPECT_FALSE(has_object(key));
    EXPECT_EQ(count("select count(*) from pending_objects"), 0);
}

TEST_F(Sweeping, NeverTakesAnObjectThatABlobClaimed) {
    const StorageKey key = store_object();
    write([&](Session& session) { return insert_pending_object(session, key, now()); });
    EXPECT_TRUE(write([&](Session& session) { return claim_pending_object(session, key); }));
    EXPECT_FALSE(write([&](Session& session) { return give_up_pending_object(session, key); }));
    sweep_later();
    EXPECT_TRUE(has_object(key));
}

TEST_F(Sweeping, APushCannotClaimWhatWasGivenUp) {
    const StorageKey key = StorageKey::random();
    write([&](Session& session) { return insert_pending_object(session, key, now()); });
    EXPECT_TRUE(write([&](Session& session) { return give_up_pending_object(session, key); }));
    EXPECT_FALSE(write([&](Session& session) { return claim_pending_object(session, key); }));
}

TEST_F(Sweeping, WorksThroughMoreThanOneBatch) {
    write([&](Session& session) -> Result<void> {
        for (int i = 0; i < 250; ++i) {
            const std::string content = std::to_string(i);
            const Digest digest = Digest::of(as_bytes(content));
            auto made = insert_blob(session, {.digest = digest, .size = 1, .key = {}, .content = as_bytes(content)}, now());
            if (!made) return failure(std::move(made));
            if (auto queued = queue_garbage(session, digest, no_repository, now()); !queued) return queued;
        }
        return {};
    });
    EXPECT_EQ(sweep_later().blobs, 250U);
    EXPECT_EQ(count("select count(*) from blobs"), 0);
}

TEST_F(Sweeping, BlobsOfADeletedRepositoryGo) {
    push_image("a", "", "layer");
    execute("insert into garbage_candidates(digest, queued_at) select digest, 1 from repository_blobs");
    execute("delete from repositories");
    EXPECT_EQ(sweep_later().blobs, 2U);
}

TEST_F(Sweeping, ABlobThatALockedManifestListsStays) {
    push_image("a", "", "layer");
    execute("update manifests set attributes = 14");
    const auto row = row_of("a");
    const auto refused =
        try_write([&](Session& session) { return unlink_blob(session, row, Digest::of(as_bytes("layer")), now()); });
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::operation_disallowed);
    EXPECT_TRUE(has_blob("a", "layer"));
}

} // namespace
} // namespace berth::data_plane
