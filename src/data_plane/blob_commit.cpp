#include "data_plane/blob_commit.hpp"

#include "data_plane/blob_rows.hpp"
#include "data_plane/collection/garbage_store.hpp"
#include "data_plane/repository_store.hpp"

namespace berth::data_plane {

using storage::Session;
using storage::StorageKey;

BlobPush BlobPush::of(const gateway::Context& context, const Digest& digest, std::string kind, std::uint64_t size) {
    const std::string& repository = context.repository().value();
    return {.registry = context.registry().row,
            .repository = repository,
            .digest = digest,
            .now = context.now(),
            .pushed =
                context.event(std::move(kind), {{"repository", repository}, {"digest", digest.to_string()}, {"size", size}}),
            .repository_created = context.event("repository.create", {{"repository", repository}})};
}

Result<void> link_pushed_blob(Session& session, const BlobPush& push) {
    auto repository = push_to_repository(session, push.registry, push.repository, push.now);
    if (!repository) return failure(std::move(repository));
    if (repository->created) {
        if (auto noted = storage::append_event(session, push.now, push.repository_created); !noted) return noted;
    }
    auto linked = link_blob(session, repository->repository.row, push.digest, push.now);
    if (!linked) return linked;
    // Until a manifest lists it, nothing but this push wants it.
    auto queued = queue_unlisted(session, push.digest, repository->repository.row, push.now);
    if (!queued) return queued;
    return storage::append_event(session, push.now, push.pushed);
}

Task<Result<void>> store_small_blob(storage::Database& database, const Digest& digest, std::span<const std::byte> content,
                                    Timestamp now, const LinkBlob& link) {
    const auto write = [&](Session& session) -> Result<void> {
        const NewBlob blob{.digest = digest, .size = content.size(), .key = std::nullopt, .content = content};
        auto inserted = insert_blob(session, blob, now);
        if (!inserted) return failure(std::move(inserted));
        return link(session);
    };
    auto done = co_await database.write(write);
    co_return done;
}

Task<Result<bool>> store_upload(storage::Database& database, storage::BlobStore& blobs, const Digest& digest,
                                storage::UploadWriter& writer, Timestamp now, const LinkBlob& link) {
    const StorageKey key = StorageKey::random();
    const std::uint64_t size = writer.offset();
    const auto begin = [&](Session& session) -> Result<bool> {
        auto known = is_stored(session, digest);
        if (!known) return failure(std::move(known));
        auto done = *known ? link(session) : insert_pending_object(session, key, now);
        if (!done) return failure(std::move(done));
        return *known;
    };
    auto known = co_await database.write(begin);
    if (!known) co_return failure(std::move(known));
    if (*known) co_return false;

    auto finished = co_await writer.finish(key);
    if (!finished) co_return failure(std::move(finished));

    // True: another push made the blob known meanwhile, the object just made is not needed. It stays noted, so that the
    // sweeper finds it if this process ends here.
    const auto write = [&](Session& session) -> Result<bool> {
        const NewBlob blob{.digest = digest, .size = size, .key = key, .content = {}};
        auto inserted = insert_blob(session, blob, now);
        if (!inserted) return failure(std::move(inserted));
        if (*inserted) {
            auto taken = claim_pending_object(session, key);
            if (!taken) return failure(std::move(taken));
            if (!*taken) return failure(ErrorCode::unavailable, "Storing the blob took too long. Push it again.");
        }
        if (auto linked = link(session); !linked) return failure(std::move(linked));
        return !*inserted;
    };
    auto superfluous = co_await database.write(write);
    if (!superfluous) co_return failure(std::move(superfluous));
    if (*superfluous) {
        auto removed = co_await blobs.remove(key); // a failure leaves it to the sweeper
        (void)removed;
    }
    co_return true;
}

Task<Result<void>> commit_small_blob(storage::Database& database, const BlobPush& push, std::span<const std::byte> content) {
    const LinkBlob link = [&](Session& session) { return link_pushed_blob(session, push); };
    auto done = co_await store_small_blob(database, push.digest, content, push.now, link);
    co_return done;
}

Task<Result<bool>> commit_upload(storage::Database& database, storage::BlobStore& blobs, const BlobPush& push,
                                 storage::UploadWriter& writer) {
    const LinkBlob link = [&](Session& session) { return link_pushed_blob(session, push); };
    auto done = co_await store_upload(database, blobs, push.digest, writer, push.now, link);
    co_return done;
}

} // namespace berth::data_plane
