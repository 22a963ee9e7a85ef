#include "data_plane/collection/garbage_store.hpp"

#include "data_plane/collection/quarantine_store.hpp"

namespace berth::data_plane {

using storage::Session;
using storage::StorageKey;

namespace {

// In place of the time of an object's note: it belongs to nobody, whatever its push may still try.
constexpr Timestamp given_up{};

} // namespace

std::string_view to_string(GarbageReason reason) noexcept {
    return reason == GarbageReason::unlisted ? "unlisted" : "unreferenced";
}

Result<void> queue_garbage(Session& session, const Digest& digest, std::int64_t repository, Timestamp now) {
    auto done = session.execute("insert into garbage_candidates(digest, repository_id, queued_at) values (?1, ?2, ?3) "
                                "on conflict (digest, repository_id) do update set queued_at = excluded.queued_at, "
                                "reason = excluded.reason",
                                digest, repository, now);
    if (!done) return failure(std::move(done));
    return {};
}

Result<void> queue_unlisted(Session& session, const Digest& digest, std::int64_t repository, Timestamp now) {
    auto done = session.execute("insert into garbage_candidates(digest, repository_id, queued_at, reason) "
                                "select ?1, ?2, ?3, 'unlisted' where not exists (select 1 from manifest_references "
                                "where repository_id = ?2 and digest = ?1) "
                                "on conflict (digest, repository_id) do update set queued_at = excluded.queued_at, "
                                "reason = excluded.reason",
                                digest, repository, now);
    if (!done) return failure(std::move(done));
    return {};
}

Result<void> unqueue_listed(Session& session, const Digest& digest, std::int64_t repository) {
    auto done = session.execute("delete from garbage_candidates where digest = ?1 and repository_id = ?2", digest, repository);
    if (!done) return failure(std::move(done));
    return {};
}

Result<bool> is_queued(Session& session, std::int64_t registry, std::string_view repository, const Digest& digest,
                       Timestamp before) {
    auto rows = session.query("select 1 from garbage_candidates where digest = ?3 and queued_at < ?4 and repository_id = "
                              "(select id from repositories where registry_id = ?1 and name = ?2)",
                              registry, repository, digest, before);
    if (!rows) return failure(std::move(rows));
    return rows->next();
}

Result<void> renew_grace(Session& session, std::int64_t registry, std::string_view repository, const Digest& digest,
                         Timestamp now) {
    auto done = session.execute("update garbage_candidates set queued_at = ?4 where digest = ?3 and repository_id = "
                                "(select id from repositories where registry_id = ?1 and name = ?2)",
                                registry, repository, digest, now);
    if (!done) return failure(std::move(done));
    return {};
}

Result<bool> is_collection_held(Session& session, Timestamp now) {
    auto rows = session.query("select 1 from collection_holds where until > ?1 limit 1", now);
    if (!rows) return failure(std::move(rows));
    return rows->next();
}

Result<std::vector<GarbageCandidate>> list_garbage(Session& session, GarbageReason reason, Timestamp before,
                                                   std::uint64_t limit) {
    auto rows = session.query("select digest, repository_id from garbage_candidates where reason = ?3 and queued_at < ?1 "
                              "limit ?2",
                              before, limit, to_string(reason));
    if (!rows) return failure(std::move(rows));
    std::vector<GarbageCandidate> out;
    for (;;) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return out;
        auto digest = rows->digest(0);
        if (!digest) return failure(std::move(digest));
        out.push_back({.digest = *digest, .repository = rows->integer(1)});
    }
}

Result<Collected> collect(Session& session, const GarbageCandidate& candidate, Timestamp before) {
    Collected out;
    auto taken = session.execute("delete from garbage_candidates where digest = ?1 and repository_id = ?2 and "
                                 "queued_at < ?3",
                                 candidate.digest, candidate.repository, before);
    if (!taken) return failure(std::move(taken));
    if (*taken == 0) return out;

    if (candidate.repository != no_repository) {
        auto unlinked = session.execute("delete from repository_blobs where repository_id = ?1 and digest = ?2 and "
                                        "created_at < ?3 and not exists (select 1 from manifest_references "
                                        "where repository_id = ?1 and digest = ?2)",
                                        candidate.repository, candidate.digest, before);
        if (!unlinked) return failure(std::move(unlinked));
        out.link = *unlinked > 0;
    }
    {
        auto rows = session.query("delete from blobs where digest = ?1 and not exists "
                                  "(select 1 from repository_blobs where digest = ?1) and not exists "
                                  "(select 1 from import_blobs where digest = ?1) returning storage_key",
                                  candidate.digest);
        if (!rows) return failure(std::move(rows));
        auto deleted = rows->next();
        if (!deleted) return failure(std::move(deleted));
        out.blob = *deleted;
        if (*deleted && !rows->is_null(0)) out.object = StorageKey::parse(rows->text(0));
    }
    if (out.blob) {
        if (auto released = release_blob(session, candidate.digest); !released) return failure(std::move(released));
    }
    return out;
}

Result<void> insert_pending_object(Session& session, const StorageKey& key, Timestamp now) {
    auto done = session.execute("insert into pending_objects(storage_key, created_at) values (?1, ?2)", key.value(), now);
    if (!done) return failure(std::move(done));
    return {};
}

Result<bool> claim_pending_object(Session& session, const StorageKey& key) {
    auto deleted =
        session.execute("delete from pending_objects where storage_key = ?1 and created_at <> ?2", key.value(), given_up);
    if (!deleted) return failure(std::move(deleted));
    return *deleted > 0;
}

Result<bool> give_up_pending_object(Session& session, const StorageKey& key) {
    auto updated = session.execute("update pending_objects set created_at = ?2 where storage_key = ?1", key.value(), given_up);
    if (!updated) return failure(std::move(updated));
    return *updated > 0;
}

Result<void> insert_given_up_object(Session& session, const StorageKey& key) {
    return insert_pending_object(session, key, given_up);
}

Result<void> forget_object(Session& session, const StorageKey& key) {
    auto deleted = session.execute("delete from pending_objects where storage_key = ?1", key.value());
    if (!deleted) return failure(std::move(deleted));
    return {};
}

Result<std::vector<StorageKey>> list_pending_objects(Session& session, Timestamp before, std::uint64_t limit) {
    auto rows = session.query("select storage_key from pending_objects where created_at < ?1 limit ?2", before, limit);
    if (!rows) return failure(std::move(rows));
    std::vector<StorageKey> out;
    for (;;) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return out;
        const auto key = StorageKey::parse(rows->text(0));
        if (!key) return failure(ErrorCode::internal, "A storage key in the database is damaged.");
        out.push_back(*key);
    }
}

} // namespace berth::data_plane
