#include "data_plane/blob_rows.hpp"

#include "base/encoding.hpp"
#include "data_plane/attributes.hpp"
#include "data_plane/collection/garbage_store.hpp"
#include "data_plane/collection/quarantine_store.hpp"
#include "data_plane/repository_store.hpp"

#include <fmt/format.h>

namespace berth::data_plane {

using storage::Session;

std::unexpected<Error> blob_unknown(const Digest& digest) {
    const std::string text = digest.to_string();
    return failure(ErrorCode::blob_unknown, fmt::format("blob {} is not found", text), boost::json::object{{"digest", text}});
}

namespace {

// As if it were not there, so that clients send it again: that heals it.
std::unexpected<Error> blob_damaged(const Digest& digest) {
    const std::string text = digest.to_string();
    return failure(ErrorCode::blob_unknown,
                   fmt::format("The stored bytes of the blob {} were found damaged and are not served. Push it again.", text),
                   boost::json::object{{"digest", text}});
}

} // namespace

Result<StoredBlob> read_blob(Session& session, std::int64_t registry, std::string_view repository, const Digest& digest,
                             bool with_content) {
    // Outer joins, so that one query tells a repository that is not there from a blob that it does not link.
    auto rows =
        with_content
            ? session.query("select r.attributes, b.size, b.storage_key, b.content is null, b.content from repositories r "
                            "left join repository_blobs l on l.repository_id = r.id and l.digest = ?3 "
                            "left join blobs b on b.digest = l.digest where r.registry_id = ?1 and r.name = ?2",
                            registry, repository, digest)
            : session.query("select r.attributes, b.size, b.storage_key, b.content is null from repositories r "
                            "left join repository_blobs l on l.repository_id = r.id and l.digest = ?3 "
                            "left join blobs b on b.digest = l.digest where r.registry_id = ?1 and r.name = ?2",
                            registry, repository, digest);
    if (!rows) return failure(std::move(rows));
    auto found = rows->next();
    if (!found) return failure(std::move(found));
    if (!*found) return repository_unknown(repository);
    if (auto readable = require_readable({rows->integer(0)}, fmt::format("the repository '{}'", repository)); !readable) {
        return failure(std::move(readable));
    }
    if (rows->is_null(1)) return blob_unknown(digest);
    if (rows->is_null(2) && rows->boolean(3)) return blob_damaged(digest);
    StoredBlob blob{.size = static_cast<std::uint64_t>(rows->integer(1)), .key = std::nullopt, .content = {}};
    if (!rows->is_null(2)) {
        blob.key = storage::StorageKey::parse(rows->text(2));
        if (!blob.key) return failure(ErrorCode::internal, "A blob's storage key in the database is damaged.");
    } else if (with_content) {
        blob.content = as_text(rows->bytes(4));
    }
    return blob;
}

Result<bool> insert_blob(Session& session, const NewBlob& blob, Timestamp now) {
    // A row with neither key nor content is quarantined: it takes the new bytes.
    auto inserted =
        blob.key
            ? session.execute("insert into blobs(digest, size, storage_key, created_at) values (?1, ?2, ?3, ?4) "
                              "on conflict (digest) do update set size = excluded.size, storage_key = excluded.storage_key "
                              "where blobs.storage_key is null and blobs.content is null",
                              blob.digest, blob.size, blob.key->value(), now)
            : session.execute("insert into blobs(digest, size, content, created_at) values (?1, ?2, ?3, ?4) "
                              "on conflict (digest) do update set size = excluded.size, content = excluded.content "
                              "where blobs.storage_key is null and blobs.content is null",
                              blob.digest, blob.size, blob.content, now);
    if (!inserted) return failure(std::move(inserted));
    if (*inserted == 0) return false;
    if (auto released = release_blob(session, blob.digest); !released) return failure(std::move(released));
    return true;
}

Result<bool> is_stored(Session& session, const Digest& digest) {
    auto rows =
        session.query("select 1 from blobs where digest = ?1 and (storage_key is not null or content is not null)", digest);
    if (!rows) return failure(std::move(rows));
    return rows->next();
}

Result<void> link_blob(Session& session, std::int64_t repository, const Digest& digest, Timestamp now) {
    // A link that is there begins anew: who has just sent the blob is about to push a manifest that lists it.
    auto linked = session.execute("insert into repository_blobs(repository_id, digest, created_at) values (?1, ?2, ?3) "
                                  "on conflict (repository_id, digest) do update set created_at = excluded.created_at",
                                  repository, digest, now);
    if (!linked) return failure(std::move(linked));
    return {};
}

Result<bool> is_linked(Session& session, std::int64_t repository, const Digest& digest) {
    auto rows = session.query("select 1 from repository_blobs where repository_id = ?1 and digest = ?2 and not exists "
                              "(select 1 from quarantined_content where digest = ?2 and repository_id = 0)",
                              repository, digest);
    if (!rows) return failure(std::move(rows));
    return rows->next();
}

Result<void> unlink_blob(Session& session, std::int64_t repository, const Digest& digest, Timestamp now) {
    auto locks = session.query("select m.digest from manifest_references l join manifests m on "
                               "m.repository_id = l.repository_id and m.digest = l.manifest "
                               "where l.repository_id = ?1 and l.digest = ?2 and m.attributes & 3 <> 3 limit 1",
                               repository, digest);
    if (!locks) return failure(std::move(locks));
    auto locked = locks->next();
    if (!locked) return failure(std::move(locked));
    if (*locked) {
        auto manifest = locks->digest(0);
        if (!manifest) return failure(std::move(manifest));
        return require_deletable({0}, fmt::format("the manifest '{}', which lists this blob,", manifest->to_string()));
    }
    auto removed = session.execute("delete from repository_blobs where repository_id = ?1 and digest = ?2", repository, digest);
    if (!removed) return failure(std::move(removed));
    if (*removed == 0) return blob_unknown(digest);
    return queue_garbage(session, digest, no_repository, now);
}

Result<std::vector<std::string>> repositories_with_blob(Session& session, std::int64_t registry, const Digest& digest,
                                                        std::uint64_t limit) {
    auto rows = session.query("select r.name from repository_blobs l join repositories r on r.id = l.repository_id "
                              "where l.digest = ?1 and r.registry_id = ?2 and r.attributes & 4 <> 0 limit ?3",
                              digest, registry, limit);
    if (!rows) return failure(std::move(rows));
    std::vector<std::string> out;
    for (;;) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return out;
        out.emplace_back(rows->text(0));
    }
}

} // namespace berth::data_plane
