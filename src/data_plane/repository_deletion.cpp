#include "data_plane/repository_deletion.hpp"

#include "data_plane/collection/quarantine_store.hpp"
#include "data_plane/repository_store.hpp"

#include <fmt/format.h>

namespace berth::data_plane {

using storage::Session;

namespace {

// Bits 1 and 2 of `attributes` are delete and write: both must be set for a thing to go.
Result<bool> holds_locked(Session& session, std::int64_t repository) {
    auto rows = session.query("select exists(select 1 from manifests where repository_id = ?1 and attributes & 3 <> 3) "
                              "or exists(select 1 from tags where repository_id = ?1 and attributes & 3 <> 3)",
                              repository);
    if (!rows) return failure(std::move(rows));
    if (auto found = rows->next(); !found) return failure(std::move(found));
    return rows->boolean(0);
}

Result<DeletedManifests> delete_content(Session& session, std::int64_t repository) {
    DeletedManifests out;
    {
        auto rows = session.query("delete from tags where repository_id = ?1 returning name", repository);
        if (!rows) return failure(std::move(rows));
        for (;;) {
            auto more = rows->next();
            if (!more) return failure(std::move(more));
            if (!*more) break;
            out.tags.emplace_back(rows->text(0));
        }
    }
    auto rows = session.query("delete from manifests where repository_id = ?1 returning digest", repository);
    if (!rows) return failure(std::move(rows));
    for (;;) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return out;
        auto digest = rows->digest(0);
        if (!digest) return failure(std::move(digest));
        out.manifests.push_back(*digest);
    }
}

} // namespace

Result<DeletedManifests> delete_repository(Session& session, std::int64_t registry, std::string_view name, Timestamp now) {
    auto repository = find_repository(session, registry, name);
    if (!repository) return failure(std::move(repository));
    auto deletable = require_deletable(repository->attributes, fmt::format("the repository '{}'", name));
    if (!deletable) return failure(std::move(deletable));
    auto locked = holds_locked(session, repository->row);
    if (!locked) return failure(std::move(locked));
    if (*locked) {
        return failure(ErrorCode::operation_disallowed,
                       fmt::format("The repository '{}' holds a manifest or tag that is locked against deleting.", name));
    }
    auto queued = session.execute("insert into garbage_candidates(digest, repository_id, queued_at) "
                                  "select digest, 0, ?2 from repository_blobs where repository_id = ?1 "
                                  "on conflict (digest, repository_id) do update set queued_at = excluded.queued_at, "
                                  "reason = excluded.reason",
                                  repository->row, now);
    if (!queued) return failure(std::move(queued));
    auto out = delete_content(session, repository->row);
    if (!out) return out;
    if (auto done = forget_quarantined_manifests(session, repository->row); !done) return failure(std::move(done));
    auto deleted = session.execute("delete from repositories where id = ?1", repository->row);
    if (!deleted) return failure(std::move(deleted));
    return out;
}

} // namespace berth::data_plane
