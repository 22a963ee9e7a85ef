#include "data_plane/garbage_store.hpp"

namespace berth::data_plane {

using storage::Session;
using storage::StorageKey;

namespace {

// In place of the time of an object's note: it belongs to nobody, whatever its push may still try.
constexpr Timestamp given_up{};

} // namespace

Result<void> queue_garbage(Session& session, const Digest& digest, std::int64_t repository, Timestamp now) {
    auto done = session.execute("insert into garbage_candidates(digest, repository_id, queued_at) values (?1, ?2, ?3) "
                                "on conflict (digest, repository_id) do update set queued_at = excluded.queued_at",
                                digest, repository, now);
    if (!done) return failure(std::move(done));
    return {};
}

Result<std::vector<GarbageCandidate>> list_garbage(Session& session, Timestamp before, std::uint64_t limit) {
    auto rows =
        session.query("select digest, repository_id from garbage_candidates where queued_at < ?1 limit ?2", before, limit);
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
    auto rows = session.query("delete from blobs where digest = ?1 and not exists "
                              "(select 1 from repository_blobs where digest = ?1) and not exists "
                              "(select 1 from import_blobs where digest = ?1) returning storage_key",
                              candidate.digest);
    if (!rows) return failure(std::move(rows));
    auto deleted = rows->next();
    if (!deleted) return failure(std::move(deleted));
    out.blob = *deleted;
    if (*deleted && !rows->is_null(0)) out.object = StorageKey::parse(rows->text(0));
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
