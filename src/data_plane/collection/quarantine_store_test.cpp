#include "data_plane/collection/quarantine_store.hpp"

#include "data_plane/collection/content_check_store.hpp"
#include "data_plane/collection/garbage_store.hpp"
#include "data_plane/manifest_deletion.hpp"
#include "data_plane/repository_deletion.hpp"
#include "data_plane/testing/content_database.hpp"

namespace berth::data_plane {
namespace {

using storage::Session;
using storage::StorageKey;

class Quarantine : public ContentDatabase {
protected:
    Digest push_object(std::string_view repository, std::string_view content, const StorageKey& key) {
        const Digest digest = Digest::of(as_bytes(content));
        write([&](Session& session) -> Result<void> {
            auto pushed = push_to_repository(session, registry, repository, now());
            if (!pushed) return failure(std::move(pushed));
            auto made = insert_blob(session, {.digest = digest, .size = content.size(), .key = key, .content = {}}, now());
            if (!made) return failure(std::move(made));
            return link_blob(session, pushed->repository.row, digest, now());
        });
        return digest;
    }
    Result<StoredBlob> try_blob(const Digest& digest, bool with_content) {
        return try_read([&](Session& session) { return read_blob(session, registry, "a", digest, with_content); });
    }
    bool quarantine(const Digest& digest, const std::optional<StorageKey>& key) {
        return write([&](Session& session) { return quarantine_blob(session, digest, key, "a reason", now()); });
    }
    std::int64_t quarantined() {
        return read([](Session& session) { return count_quarantined(session); });
    }
    std::vector<StoredContent> list(const ContentPosition& position, std::uint64_t limit = 100) {
        return read([&](Session& session) { return list_content(session, position, limit); });
    }
};

TEST_F(Quarantine, ABlobInTheDatabaseIsMissingUntilItIsPushedAgain) {
    const Digest digest = push_blob("a", "content");
    const auto row = row_of("a");
    EXPECT_TRUE(quarantine(digest, std::nullopt));
    EXPECT_FALSE(quarantine(digest, std::nullopt)) << "once";
    for (const bool with_content : {true, false}) {
        const auto blob = try_blob(digest, with_content);
        ASSERT_FALSE(blob);
        EXPECT_EQ(blob.error().code, ErrorCode::blob_unknown);
        EXPECT_NE(blob.error().message.find("damaged"), std::string::npos);
    }
    EXPECT_FALSE(read([&](Session& session) { return is_linked(session, row, digest); }));
    EXPECT_EQ(quarantined(), 1);
    EXPECT_EQ(count("select count(*) from events where kind = 'blob.quarantine'"), 1);

    push_blob("b", "content"); // wherever it comes from
    EXPECT_EQ(try_blob(digest, true)->content, "content");
    EXPECT_TRUE(read([&](Session& session) { return is_linked(session, row, digest); }));
    EXPECT_EQ(quarantined(), 0);
}

TEST_F(Quarantine, AnObjectIsGivenUpWhenWholeBytesCome) {
    const StorageKey damaged = StorageKey::random();
    const StorageKey whole = StorageKey::random();
    const Digest digest = push_object("a", "object", damaged);
    EXPECT_FALSE(quarantine(digest, whole)) << "another object than the one that was read";
    EXPECT_FALSE(quarantine(digest, std::nullopt));
    EXPECT_TRUE(quarantine(digest, damaged));
    EXPECT_FALSE(try_blob(digest, true));
    EXPECT_EQ(count("select count(*) from pending_objects"), 0) << "kept for whoever wants to look";

    push_object("a", "object", whole);
    EXPECT_EQ(try_blob(digest, false)->key, whole);
    EXPECT_EQ(quarantined(), 0);
    EXPECT_EQ(count("select count(*) from pending_objects where created_at = 0"), 1) << "the damaged one goes";
}

TEST_F(Quarantine, AQuarantinedBlobThatNobodyWantsGoesWithItsObject) {
    const StorageKey damaged = StorageKey::random();
    const Digest digest = push_object("a", "object", damaged);
    const auto row = row_of("a");
    EXPECT_TRUE(quarantine(digest, damaged));
    write([&](Session& session) { return unlink_blob(session, row, digest, now()); });
    pass(std::chrono::hours(1));
    const Collected collected =
        write([&](Session& session) { return collect(session, {.digest = digest, .repository = no_repository}, now()); });
    EXPECT_TRUE(collected.blob);
    EXPECT_EQ(quarantined(), 0);
    EXPECT_EQ(count("select count(*) from pending_objects where created_at = 0"), 1);
}

TEST_F(Quarantine, AManifestIsMissingUntilItIsPushedAgain) {
    const Digest digest = push_image("a", "v1", "layer");
    const auto row = row_of("a");
    const auto take = [&] {
        return write([&](Session& session) { return quarantine_manifest(session, row, digest, "a reason", now()); });
    };
    EXPECT_TRUE(take());
    EXPECT_FALSE(take());
    for (const std::string& reference : {std::string("v1"), digest.to_string()}) {
        const auto manifest = try_get("a", reference);
        ASSERT_FALSE(manifest);
        EXPECT_EQ(manifest.error().code, ErrorCode::manifest_unknown);
        EXPECT_NE(manifest.error().message.find("damaged"), std::string::npos);
    }
    push_image("a", "v1", "layer");
    EXPECT_EQ(try_get("a", "v1")->content, image("config", "layer"));
    EXPECT_EQ(quarantined(), 0);
}

TEST_F(Quarantine, AManifestThatWasDeletedAndPushedAgainIsQuarantinedAgain) {
    const Digest digest = push_image("a", "v1", "layer");
    const auto row = row_of("a");
    const auto take = [&] {
        return write([&](Session& session) { return quarantine_manifest(session, row, digest, "a reason", now()); });
    };
    EXPECT_TRUE(take());
    write([&](Session& session) { return delete_manifest(session, row, digest, now()); });
    EXPECT_EQ(quarantined(), 0);
    push_image("a", "v1", "layer");
    EXPECT_TRUE(take());
    EXPECT_FALSE(try_get("a", "v1"));
    EXPECT_EQ(quarantined(), 1);
}

TEST_F(Quarantine, ANoteThatADeletionLeftIsInNobodysWay) {
    const Digest digest = push_image("a", "v1", "layer");
    const auto row = row_of("a");
    const auto leave_note = [&] {
        execute("insert into quarantined_content(digest, repository_id, reason, found_at) values (?1, ?2, 'old', 1)", digest,
                row);
    };
    leave_note();
    EXPECT_TRUE(write([&](Session& session) { return quarantine_manifest(session, row, digest, "a reason", now()); }));
    EXPECT_FALSE(try_get("a", "v1"));
    EXPECT_EQ(count("select count(*) from quarantined_content where reason = 'a reason' and length(content) > 0"), 1);

    execute("delete from tags");
    execute("delete from manifests");
    push_image("a", "v1", "layer");
    EXPECT_EQ(quarantined(), 0) << "a new manifest is whole";
    leave_note();
    write([](Session& session) { return forget_deleted_manifests(session); });
    EXPECT_EQ(quarantined(), 0) << "and what is whole needs no push";
}

TEST_F(Quarantine, ADeletedRepositoryLeavesNothing) {
    const Digest digest = push_image("a", "v1", "layer");
    const auto row = row_of("a");
    const Digest other = push_image("b", "v1", "layer");
    const auto other_row = row_of("b");
    write([&](Session& session) { return quarantine_manifest(session, row, digest, "a reason", now()); });
    write([&](Session& session) { return quarantine_manifest(session, other_row, other, "a reason", now()); });
    write([&](Session& session) { return delete_repository(session, registry, "a", now()); });
    EXPECT_EQ(quarantined(), 1) << "that of the other repository";
}

TEST_F(Quarantine, WhatADeletedManifestLeftIsForgotten) {
    const Digest digest = push_image("a", "", "layer");
    const auto row = row_of("a");
    write([&](Session& session) { return quarantine_manifest(session, row, digest, "a reason", now()); });
    write([](Session& session) { return forget_deleted_manifests(session); });
    EXPECT_EQ(quarantined(), 1);
    execute("delete from manifests");
    write([](Session& session) { return forget_deleted_manifests(session); });
    EXPECT_EQ(quarantined(), 0);
}

TEST_F(Quarantine, AWalkMeetsEverythingOnceAndNothingThatIsQuarantined) {
    push_image("a", "", "one");
    push_image("b", "", "two");
    const Digest quarantined_blob = push_blob("b", "damaged");
    push_object("a", "object", StorageKey::random());
    quarantine(quarantined_blob, std::nullopt);
    ContentPosition position;
    std::vector<Digest> blobs;
    for (auto page = list(position, 2); !page.empty(); page = list(position, 2)) {
        for (const StoredContent& one : page) {
            EXPECT_TRUE(one.key || Digest::of(as_bytes(one.content)) == one.digest);
            blobs.push_back(one.digest);
        }
        position.digest = page.back().digest;
    }
    EXPECT_EQ(blobs.size(), 4U) << "config, two layers, the object";
    EXPECT_TRUE(std::ranges::is_sorted(blobs));
    position = {.part = ContentPosition::Part::manifests, .repository = 0, .digest = {}, .begun_at = {}, .ended_at = {}};
    std::size_t manifests = 0;
    for (auto page = list(position, 1); !page.empty(); page = list(position, 1)) {
        ++manifests;
        EXPECT_EQ(Digest::of(as_bytes(page.back().content)), page.back().digest);
        position.repository = page.back().repository;
        position.digest = page.back().digest;
    }
    EXPECT_EQ(manifests, 2U);
}

TEST_F(Quarantine, APositionIsKept) {
    const auto load = [&] { return read([](Session& session) { return load_position(session); }); };
    EXPECT_FALSE(load());
    ContentPosition position{.part = ContentPosition::Part::manifests,
                             .repository = 7,
                             .digest = Digest::of(as_bytes("x")),
                             .begun_at = now(),
                             .ended_at = std::nullopt};
    write([&](Session& session) { return save_position(session, position); });
    EXPECT_EQ(load()->repository, 7);
    EXPECT_EQ(load()->digest, position.digest);
    EXPECT_EQ(load()->part, ContentPosition::Part::manifests);
    EXPECT_FALSE(load()->ended_at);
    position.ended_at = now();
    position.digest.reset();
    write([&](Session& session) { return save_position(session, position); });
    EXPECT_EQ(load()->ended_at, now());
    EXPECT_FALSE(load()->digest);
}

} // namespace
} // namespace berth::data_plane
