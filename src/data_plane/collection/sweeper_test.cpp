#include "data_plane/collection/sweeper.hpp"

#include "base/worker_pool.hpp"
#include "data_plane/collection/garbage_store.hpp"
#include "data_plane/collection/quarantine_store.hpp"
#include "data_plane/collection/untagged_store.hpp"
#include "data_plane/manifest_deletion.hpp"
#include "data_plane/tag_store.hpp"
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
        Sweeper sweeper(*database_, *blobs_, clock_, policy_);
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
    CollectionPolicy policy_{.grace = std::chrono::hours(1)};
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

TEST_F(Sweeping, TakesBlobsThatNoManifestListsAfterAGrace) {
    const auto push = [&](std::string_view content) {
        const Digest digest = push_blob("a", content);
        const auto row = row_of("a");
        write([&](Session& session) { return queue_unlisted(session, digest, row, now()); });
    };
    push("never listed");
    push("config");
    push("layer");
    const std::string image_text = image("config", "layer");
    ASSERT_TRUE(try_push("a", "v1", image_text));
    EXPECT_EQ(count("select count(*) from garbage_candidates"), 1) << "what a manifest lists is no candidate";
    push("layer");
    EXPECT_EQ(count("select count(*) from garbage_candidates"), 1) << "nor is it when it is pushed again";

    pass(std::chrono::minutes(59));
    EXPECT_TRUE(sweep().is_nothing());
    policy_.unlisted_blobs = false;
    EXPECT_TRUE(sweep_later().is_nothing()) << "the policy keeps them";
    EXPECT_TRUE(has_blob("a", "never listed"));
    policy_.unlisted_blobs = true;
    const Swept swept = sweep();
    EXPECT_EQ(swept.links, 1U);
    EXPECT_EQ(swept.blobs, 1U);
    EXPECT_FALSE(has_blob("a", "never listed"));
    EXPECT_TRUE(has_blob("a", "layer"));
}

TEST_F(Sweeping, WhoeverAsksForACandidateKeepsIt) {
    const Digest digest = push_blob("a", "asked for");
    const auto row = row_of("a");
    write([&](Session& session) { return queue_unlisted(session, digest, row, now()); });
    pass(std::chrono::minutes(59));
    EXPECT_TRUE(read([&](Session& session) { return is_queued(session, registry, "a", digest, now()); }));
    EXPECT_FALSE(read([&](Session& session) { return is_queued(session, registry, "b", digest, now()); }));
    EXPECT_FALSE(
        read([&](Session& session) { return is_queued(session, registry, "a", digest, now() - std::chrono::hours(1)); }));
    write([&](Session& session) { return renew_grace(session, registry, "a", digest, now()); });
    pass(std::chrono::minutes(59));
    sweep();
    EXPECT_TRUE(has_blob("a", "asked for"));
    pass(std::chrono::minutes(2));
    sweep();
    EXPECT_FALSE(has_blob("a", "asked for"));
}

TEST_F(Sweeping, RemovesNoObjectWhileSomebodyCopiesThem) {
    const StorageKey key = store_object();
    write([&](Session& session) { return insert_given_up_object(session, key); });
    execute("insert into collection_holds(id, holder, until) values ('one', 'a backup', ?1)", now() + std::chrono::hours(3));
    EXPECT_EQ(sweep().objects, 0U);
    EXPECT_TRUE(has_object(key));
    EXPECT_EQ(sweep_later().objects, 0U);
    EXPECT_EQ(sweep_later().objects, 1U) << "a hold that nobody renews ends";
    EXPECT_FALSE(has_object(key));
}

class SweepingUntagged : public Sweeping {
protected:
    void SetUp() override {
        Sweeping::SetUp();
        policy_.untagged_after = std::chrono::days(7);
    }
    Swept sweep_after_a_week() {
        pass(std::chrono::days(7) + std::chrono::seconds(1));
        return sweep();
    }
    bool has(std::string_view repository, const Digest& digest) { return try_get(repository, digest.to_string()).has_value(); }
    void untag(std::string_view repository, std::string_view tag) {
        const auto row = row_of(repository);
        write([&](Session& session) { return delete_tag(session, row, *Tag::parse(tag), now()); });
    }
};

TEST_F(SweepingUntagged, TakesWhatLostItsTag) {
    const Digest moved = push_image("a", "v1", "one");
    const Digest stays = push_image("a", "v1", "two"); // the tag moves
    const Digest deleted = push_image("a", "v2", "three");
    const Digest never = push_image("a", "", "four");
    untag("a", "v2");
    pass(std::chrono::days(6));
    EXPECT_EQ(sweep().manifests, 0U);
    EXPECT_TRUE(has("a", moved));
    EXPECT_EQ(sweep_after_a_week().manifests, 3U);
    EXPECT_FALSE(has("a", moved));
    EXPECT_FALSE(has("a", deleted));
    EXPECT_FALSE(has("a", never));
    EXPECT_TRUE(has("a", stays));
    EXPECT_EQ(count("select count(*) from events where kind = 'manifest.delete' and actor = 'collection'"), 3);
    sweep_later();
    EXPECT_FALSE(has_blob("a", "one")) << "its blobs follow after the grace";
    EXPECT_TRUE(has_blob("a", "two"));
}

TEST_F(SweepingUntagged, KeepsAllWithoutAPolicy) {
    policy_.untagged_after.reset();
    const Digest never = push_image("a", "", "four");
    EXPECT_EQ(sweep_after_a_week().manifests, 0U);
    EXPECT_TRUE(has("a", never));
}

TEST_F(SweepingUntagged, KeepsWhatHasATagAgain) {
    const Digest digest = push_image("a", "v1", "one");
    untag("a", "v1");
    push_image("a", "v3", "one");
    EXPECT_EQ(sweep_after_a_week().manifests, 0U);
    EXPECT_TRUE(has("a", digest));
    EXPECT_EQ(count("select count(*) from untagged_manifests"), 0);
}

TEST_F(SweepingUntagged, KeepsChildrenAsLongAsTheirIndex) {
    const Digest child = push_image("a", "", "one");
    const std::string index =
        fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{}]}})", index_type, descriptor(child, 1, image_type));
    ASSERT_TRUE(try_push("a", "v1", index));
    EXPECT_EQ(sweep_after_a_week().manifests, 0U);
    EXPECT_TRUE(has("a", child));
    untag("a", "v1");
    EXPECT_EQ(sweep_after_a_week().manifests, 1U) << "the index";
    EXPECT_TRUE(has("a", child));
    EXPECT_EQ(sweep_after_a_week().manifests, 1U) << "then its child, which nothing lists since then";
    EXPECT_FALSE(has("a", child));
}

TEST_F(SweepingUntagged, ReferrersGoWithTheirSubject) {
    const Digest subject = push_image("a", "v1", "one");
    const Digest signature =
        push_image("a", "", "signature", fmt::format(R"(,"subject":{})", descriptor(subject, 1, image_type)));
    EXPECT_EQ(sweep_after_a_week().manifests, 0U);
    EXPECT_TRUE(has("a", signature));
    untag("a", "v1");
    EXPECT_EQ(sweep_after_a_week().manifests, 2U);
    EXPECT_FALSE(has("a", signature));
}

TEST_F(SweepingUntagged, KeepsWhatATaggedManifestRefersTo) {
    const auto referring_to = [&](const Digest& subject, std::string_view layer, std::string_view tag) {
        return push_image("a", tag, layer, fmt::format(R"(,"subject":{})", descriptor(subject, 1, image_type)));
    };
    const Digest subject = push_image("a", "", "one");
    const Digest signature = referring_to(subject, "signature", "");
    const Digest counter = referring_to(signature, "counter", "counter");
    for (const std::int64_t attributes : {14, 15}) {
        execute("update tags set attributes = ?1", attributes);
        EXPECT_EQ(sweep_after_a_week().manifests, 0U);
        for (const Digest& stays : {subject, signature, counter}) EXPECT_TRUE(has("a", stays));
    }
    untag("a", "counter");
    EXPECT_EQ(sweep_after_a_week().manifests, 3U) << "now no tag names any of them";
    EXPECT_EQ(count("select count(*) from events where kind = 'manifest.delete'"), 1);
}

TEST_F(SweepingUntagged, PushingAgainBeginsTheTimeAnew) {
    const Digest digest = push_image("a", "", "one");
    pass(std::chrono::days(6));
    push_image("a", "", "one");
    pass(std::chrono::days(6));
    EXPECT_EQ(sweep().manifests, 0U);
    EXPECT_TRUE(has("a", digest));
    const auto row = row_of("a");
    write([&](Session& session) { return quarantine_manifest(session, row, digest, "a reason", now()); });
    push_image("a", "", "one"); // heals it
    pass(std::chrono::days(6));
    EXPECT_EQ(sweep().manifests, 0U);
    EXPECT_TRUE(has("a", digest));
    EXPECT_EQ(sweep_after_a_week().manifests, 1U);
}

TEST_F(SweepingUntagged, AskingBeginsTheTimeAnewWhereAPolicyWouldTakeIt) {
    const Digest digest = push_image("a", "", "one");
    const Digest tagged = push_image("a", "v1", "two");
    const auto renewable = [&](const Digest& which, Timestamp before) {
        return read([&](Session& session) { return is_renewable(session, registry, "a", which, before); });
    };
    pass(std::chrono::days(6));
    EXPECT_FALSE(renewable(digest, now())) << "no policy takes it";
    execute("insert into collection_state(id, grace_seconds, unlisted_blobs, untagged_seconds) values (1, 1, 1, 1)");
    EXPECT_TRUE(renewable(digest, now()));
    EXPECT_FALSE(renewable(digest, now() - std::chrono::days(6))) << "fresh";
    execute("insert into untagged_manifests(repository_id, digest, untagged_at) select repository_id, digest, 1 from tags");
    EXPECT_FALSE(renewable(tagged, now())) << "a row may outlive its reason";
    write([&](Session& session) { return renew_untagged(session, registry, "a", digest, now()); });
    pass(std::chrono::days(6));
    EXPECT_EQ(sweep().manifests, 0U);
    EXPECT_TRUE(has("a", digest));
    const std::string index = fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{}]}})", index_type,
                                          descriptor(digest, 1, image_type));
    ASSERT_TRUE(try_push("a", "index", index));
    EXPECT_FALSE(renewable(digest, now())) << "an index keeps it";
}

TEST_F(SweepingUntagged, KeepsWhatIsLockedUntilItIsNot) {
    const Digest digest = push_image("a", "", "one");
    for (const std::string_view lock : {"update manifests set attributes = 13", "update repositories set attributes = 14"}) {
        execute("update manifests set attributes = 15");
        execute("update repositories set attributes = 15");
        execute(lock);
        EXPECT_EQ(sweep_after_a_week().manifests, 0U);
        EXPECT_TRUE(has("a", digest));
    }
    execute("update repositories set attributes = 15");
    EXPECT_EQ(sweep_after_a_week().manifests, 1U);
    EXPECT_FALSE(has("a", digest));
}

} // namespace
} // namespace berth::data_plane
