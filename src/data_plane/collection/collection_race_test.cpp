#include "base/worker_pool.hpp"
#include "data_plane/blob_commit.hpp"
#include "data_plane/collection/sweeper.hpp"
#include "data_plane/manifest_deletion.hpp"
#include "data_plane/testing/content_database.hpp"
#include "storage/files/file_blob_store.hpp"
#include "storage/testing/temporary_folder.hpp"

#include <atomic>
#include <thread>

namespace berth::data_plane {
namespace {

using storage::Session;

/// Pushes and mounts of few blobs in few repositories, deletions of what listed them, and a collection without any grace that
/// never rests: all of them meet all the time.
class CollectionRace : public ContentDatabase {
protected:
    static constexpr int repositories = 3;
    static constexpr int rounds = 400; // of each repository

    void SetUp() override {
        ContentDatabase::SetUp();
        auto opened = storage::FileBlobStore::open(folder_.path().string(), workers_);
        ASSERT_TRUE(opened);
        blobs_ = std::move(*opened);
        for (int i = 0; i < repositories; ++i) push_blob(name_of(i), "config");
    }
    static std::string name_of(int number) { return fmt::format("race/{}", number); }
    static std::string content_of(int number) { return fmt::format("the content of blob {}", number); }

    LinkBlob link_in(const std::string& name, const Digest& digest) {
        return [this, name, digest](Session& session) -> Result<void> {
            auto repository = push_to_repository(session, registry, name, clock_.now());
            if (!repository) return failure(std::move(repository));
            auto linked = link_blob(session, repository->repository.row, digest, clock_.now());
            if (!linked) return linked;
            return queue_unlisted(session, digest, repository->repository.row, clock_.now());
        };
    }

    // In the database, as an object, or from another repository, as it comes.
    void bring(int number, int round, int blob) {
        const std::string content = content_of(blob);
        const Digest digest = Digest::of(as_bytes(content));
        const LinkBlob link = link_in(name_of(number), digest);
        if (round % 3 == 0) {
            const std::string source = name_of((number + 1) % repositories);
            const bool mounted = sync_wait(database_->write([&](Session& session) -> Result<void> {
                                     auto there = read_blob(session, registry, source, digest, false);
                                     if (!there) return failure(std::move(there));
                                     return link(session);
                                 })).has_value();
            mounted_ += mounted ? 1 : 0;
            if (mounted) return;
        }
        if (blob % 2 == 0) {
            auto stored = sync_wait(store_small_blob(*database_, digest, as_bytes(content), clock_.now(), link));
            EXPECT_TRUE(stored) << stored.error().message;
            return;
        }
        auto writer = sync_wait(blobs_->open_upload(Guid::random(), DigestAlgorithm::sha256, true));
        ASSERT_TRUE(writer && sync_wait((*writer)->append(as_bytes(content))));
        auto stored = sync_wait(store_upload(*database_, *blobs_, digest, **writer, clock_.now(), link));
        EXPECT_TRUE(stored) << stored.error().message;
    }

    void expect_whole(int number, int blob) {
        const std::string content = content_of(blob);
        const Digest digest = Digest::of(as_bytes(content));
        auto stored = sync_wait(database_->read(storage::ReadKind::point, [&](Session& session) {
            return read_blob(session, registry, name_of(number), digest, true);
        }));
        ASSERT_TRUE(stored) << "an acknowledged push lost a blob: " << stored.error().message;
        if (!stored->key) {
            EXPECT_EQ(stored->content, content);
            return;
        }
        auto object = sync_wait(blobs_->open(*stored->key));
        ASSERT_TRUE(object) << "an acknowledged push lost an object: " << object.error().message;
        EXPECT_EQ(object->size, content.size());
    }

    void push_and_delete(int number) {
        for (int round = 0; round < rounds && !HasFatalFailure(); ++round) {
            const int blob = round % 4;
            bring(number, round, blob);
            const std::string manifest =
                image("config", content_of(blob), fmt::format(R"(,"annotations":{{"n":"{}"}})", round % 5));
            auto pushed = try_push_now(number, manifest);
            if (!pushed) {
                // Its blob, or the config, was collected before anything referred to it: the client is told.
                EXPECT_EQ(pushed.error().code, ErrorCode::manifest_blob_unknown) << pushed.error().message;
                auto again = link_in(name_of(number), Digest::of(as_bytes(std::string_view("config"))));
                auto stored = sync_wait(store_small_blob(*database_, Digest::of(as_bytes(std::string_view("config"))),
                                                         as_bytes(std::string_view("config")), clock_.now(), again));
                EXPECT_TRUE(stored);
                continue;
            }
            ++acknowledged_;
            expect_whole(number, blob);
            auto deleted = sync_wait(database_->write([&](Session& session) -> Result<DeletedManifests> {
                auto repository = find_repository(session, registry, name_of(number));
                if (!repository) return failure(std::move(repository));
                return delete_manifest(session, repository->row, Digest::of(as_bytes(manifest)), clock_.now());
            }));
            EXPECT_TRUE(deleted) << deleted.error().message;
        }
    }

    Result<void> try_push_now(int number, const std::string& content) {
        auto document = parse_manifest(std::nullopt, content);
        if (!document) return failure(std::move(document));
        const Reference reference = *Tag::parse("v1");
        const std::vector<Tag> tags{*Tag::parse("v1")};
        const std::string name = name_of(number);
        const Precondition none;
        const ImagePlatform platform;
        const ManifestPush push{.registry = registry,
                                .repository = name,
                                .digest = Digest::of(as_bytes(content)),
                                .document = *document,
                                .content = content,
                                .platform = &platform,
                                .reference = reference,
                                .precondition = none,
                                .tags = tags,
                                .now = clock_.now()};
        auto pushed = sync_wait(database_->write([&](Session& session) { return push_manifest(session, push); }));
        if (!pushed) return failure(std::move(pushed));
        return {};
    }

    Clock clock_;
    storage::TemporaryFolder folder_;
    WorkerPool workers_{2};
    std::unique_ptr<storage::FileBlobStore> blobs_;
    std::atomic<int> acknowledged_ = 0;
    std::atomic<int> mounted_ = 0;
};

TEST_F(CollectionRace, NoAcknowledgedPushLosesABlob) {
    std::atomic<bool> done = false;
    Sweeper sweeper(*database_, *blobs_, clock_, {.grace = std::chrono::seconds(0)});
    std::thread collecting([&] {
        for (int run = 0; !done; ++run) {
            EXPECT_TRUE(sync_wait(sweeper.sweep_without_uploads()));
            std::this_thread::sleep_for(std::chrono::milliseconds(run % 4 * 4)); // some pushes meet it, some do not
        }
    });
    std::vector<std::thread> pushing;
    for (int number = 0; number < repositories; ++number) pushing.emplace_back([this, number] { push_and_delete(number); });
    for (auto& thread : pushing) thread.join();
    done = true;
    collecting.join();
    EXPECT_GT(acknowledged_, 0);
    EXPECT_GT(sweeper.totals().blobs, 0U);
    RecordProperty("acknowledged", acknowledged_);
    RecordProperty("mounted", mounted_);

    // In the end nothing is left: nothing is listed. (The configs of the beginning were never queued.)
    EXPECT_TRUE(sync_wait(sweeper.sweep_without_uploads()));
    EXPECT_EQ(count("select count(*) from manifests"), 0);
    EXPECT_EQ(count("select count(*) from blobs where size <> 6"), 0);
}

} // namespace
} // namespace berth::data_plane
