#include "data_plane/collection/quarantine_store.hpp"

#include "base/encoding.hpp"
#include "data_plane/collection/garbage_store.hpp"
#include "storage/events.hpp"

namespace berth::data_plane {

using storage::Session;
using storage::StorageKey;

namespace {

Result<void> note(Session& session, std::string kind, std::optional<std::int64_t> registry, boost::json::object detail,
                  Timestamp now) {
    return storage::append_event(
        session, now, {.kind = std::move(kind), .registry = registry, .actor = "collection", .detail = std::move(detail)});
}

} // namespace

Result<bool> quarantine_blob(Session& session, const Digest& digest, const std::optional<StorageKey>& key,
                             std::string_view reason, Timestamp now) {
    auto kept = key ? session.execute("insert into quarantined_content(digest, storage_key, reason, found_at) "
                                      "select digest, storage_key, ?3, ?4 from blobs where digest = ?1 and storage_key = ?2 "
                                      "on conflict (digest, repository_id) do nothing",
                                      digest, key->value(), reason, now)
                    : session.execute("insert into quarantined_content(digest, content, reason, found_at) "
                                      "select digest, content, ?2, ?3 from blobs where digest = ?1 and storage_key is null and "
                                      "content is not null on conflict (digest, repository_id) do nothing",
                                      digest, reason, now);
    if (!kept) return failure(std::move(kept));
    if (*kept == 0) return false;
    auto taken = session.execute("update blobs set storage_key = null, content = null where digest = ?1", digest);
    if (!taken) return failure(std::move(taken));
    auto noted =
        note(session, "blob.quarantine", std::nullopt, {{"digest", digest.to_string()}, {"reason", std::string(reason)}}, now);
    if (!noted) return failure(std::move(noted));
    return true;
}

Result<bool> quarantine_manifest(Session& session, std::int64_t repository, const Digest& digest, std::string_view reason,
                                 Timestamp now) {
    auto kept = session.execute("insert into quarantined_content(digest, repository_id, content, reason, found_at) "
                                "select digest, repository_id, content, ?3, ?4 from manifests "
                                "where repository_id = ?1 and digest = ?2 and length(content) > 0 "
                                "on conflict (digest, repository_id) do update set content = excluded.content, "
                                "reason = excluded.reason, found_at = excluded.found_at",
                                repository, digest, reason, now);
    if (!kept) return failure(std::move(kept));
    if (*kept == 0) return false;
    auto taken =
        session.execute("update manifests set content = x'' where repository_id = ?1 and digest = ?2", repository, digest);
    if (!taken) return failure(std::move(taken));
    boost::json::object detail{{"digest", digest.to_string()}, {"reason", std::string(reason)}};
    std::optional<std::int64_t> registry;
    {
        auto rows = session.query("select registry_id, name from repositories where id = ?1", repository);
        if (!rows) return failure(std::move(rows));
        auto found = rows->next();
        if (!found) return failure(std::move(found));
        if (*found) {
            registry = rows->integer(0);
            detail["repository"] = rows->text(1);
        }
    }
    auto noted = note(session, "manifest.quarantine", registry, std::move(detail), now);
    if (!noted) return failure(std::move(noted));
    return true;
}

Result<void> release_blob(Session& session, const Digest& digest) {
    std::optional<StorageKey> object;
    {
        auto rows = session.query(
            "delete from quarantined_content where digest = ?1 and repository_id = 0 returning storage_key", digest);
        if (!rows) return failure(std::move(rows));
        auto found = rows->next();
        if (!found) return failure(std::move(found));
        if (*found && !rows->is_null(0)) object = StorageKey::parse(rows->text(0));
    }
    if (!object) return {};
    return insert_given_up_object(session, *object);
}

Result<void> heal_manifest(Session& session, std::int64_t repository, const Digest& digest, std::string_view content) {
    auto healed = session.execute("update manifests set content = ?3 where repository_id = ?1 and digest = ?2", repository,
                                  digest, as_bytes(content));
    if (!healed) return failure(std::move(healed));
    return forget_quarantined_manifest(session, repository, digest);
}

Result<void> forget_quarantined_manifest(Session& session, std::int64_t repository, const Digest& digest) {
    auto done = session.execute("delete from quarantined_content where digest = ?1 and repository_id = ?2", digest, repository);
    if (!done) return failure(std::move(done));
    return {};
}

Result<void> forget_quarantined_manifests(Session& session, std::int64_t repository) {
    auto done = session.execute("delete from quarantined_content where repository_id = ?1", repository);
    if (!done) return failure(std::move(done));
    return {};
}

Result<void> forget_deleted_manifests(Session& session) {
    auto done = session.execute("delete from quarantined_content where repository_id <> 0 and not exists (select 1 from "
                                "manifests m where m.repository_id = quarantined_content.repository_id and "
                                "m.digest = quarantined_content.digest and length(m.content) = 0)");
    if (!done) return failure(std::move(done));
    return {};
}

Result<std::int64_t> count_quarantined(Session& session) {
    auto rows = session.query("select count(*) from quarantined_content");
    if (!rows) return failure(std::move(rows));
    auto found = rows->next();
    if (!found) return failure(std::move(found));
    return rows->integer(0);
}

} // namespace berth::data_plane
