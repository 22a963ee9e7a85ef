#include "data_plane/manifest_deletion.hpp"

#include "data_plane/attributes.hpp"
#include "data_plane/collection/quarantine_store.hpp"
#include "data_plane/collection/untagged_store.hpp"
#include "data_plane/manifest_store.hpp"

#include <fmt/format.h>

namespace berth::data_plane {

using storage::Session;

namespace {

Result<std::vector<Digest>> deletable_referrers(Session& session, std::int64_t repository, const Digest& subject) {
    auto rows = session.query("select digest from manifests where repository_id = ?1 and subject = ?2 and "
                              "attributes & 3 = 3",
                              repository, subject);
    if (!rows) return failure(std::move(rows));
    std::vector<Digest> out;
    for (;;) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return out;
        auto digest = rows->digest(0);
        if (!digest) return failure(std::move(digest));
        out.push_back(*digest);
    }
}

// The manifest and, breadth first, the referrers that go with it.
Result<std::vector<Digest>> what_goes(Session& session, std::int64_t repository, const Digest& digest) {
    std::vector<Digest> out{digest};
    for (std::size_t next = 0; next < out.size() && out.size() < most_deleted_manifests; ++next) {
        auto referrers = deletable_referrers(session, repository, out[next]);
        if (!referrers) return failure(std::move(referrers));
        // A manifest has one subject and cannot name one that names it: nothing comes twice.
        for (const Digest& referrer : *referrers) {
            if (out.size() < most_deleted_manifests) out.push_back(referrer);
        }
    }
    return out;
}

// A tag that may not be deleted keeps what it names.
Result<void> require_deletable_tags(Session& session, std::int64_t repository, const Digest& digest) {
    auto rows = session.query("select name, attributes from tags where repository_id = ?1 and digest = ?2 and "
                              "attributes & 3 <> 3 limit 1",
                              repository, digest);
    if (!rows) return failure(std::move(rows));
    auto found = rows->next();
    if (!found) return failure(std::move(found));
    if (!*found) return {};
    return require_deletable({rows->integer(1)},
                             fmt::format("the tag '{}' of the manifest '{}'", rows->text(0), digest.to_string()));
}

Result<void> delete_tags_of(Session& session, std::int64_t repository, const Digest& digest, std::vector<std::string>& out) {
    auto rows = session.query("delete from tags where repository_id = ?1 and digest = ?2 returning name", repository, digest);
    if (!rows) return failure(std::move(rows));
    for (;;) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return {};
        out.emplace_back(rows->text(0));
    }
}

Result<void> delete_rows(Session& session, std::int64_t repository, const Digest& digest, Timestamp now,
                         std::vector<std::string>& tags) {
    if (auto deleted = delete_tags_of(session, repository, digest, tags); !deleted) return deleted;
    auto queued = session.execute("insert into garbage_candidates(digest, repository_id, queued_at) "
                                  "select digest, repository_id, ?3 from manifest_references "
                                  "where repository_id = ?1 and manifest = ?2 and is_manifest = 0 "
                                  "on conflict (digest, repository_id) do update set queued_at = excluded.queued_at, "
                                  "reason = excluded.reason",
                                  repository, digest, now);
    if (!queued) return failure(std::move(queued));
    if (auto noted = note_untagged_children(session, repository, digest, now); !noted) return noted;
    if (auto done = forget_quarantined_manifest(session, repository, digest); !done) return done;
    auto deleted = session.execute("delete from manifests where repository_id = ?1 and digest = ?2", repository, digest);
    if (!deleted) return failure(std::move(deleted));
    return {};
}

} // namespace

Result<DeletedManifests> delete_manifest(Session& session, std::int64_t repository, const Digest& digest, Timestamp now) {
    {
        auto rows =
            session.query("select attributes from manifests where repository_id = ?1 and digest = ?2", repository, digest);
        if (!rows) return failure(std::move(rows));
        auto found = rows->next();
        if (!found) return failure(std::move(found));
        if (!*found) return manifest_unknown(digest);
        auto deletable = require_deletable({rows->integer(0)}, fmt::format("the manifest '{}'", digest.to_string()));
        if (!deletable) return failure(std::move(deletable));
    }
    auto going = what_goes(session, repository, digest);
    if (!going) return failure(std::move(going));
    for (const Digest& one : *going) {
        if (auto deletable = require_deletable_tags(session, repository, one); !deletable) return failure(std::move(deletable));
    }
    DeletedManifests out{.manifests = std::move(*going), .tags = {}};
    for (const Digest& one : out.manifests) {
        if (auto deleted = delete_rows(session, repository, one, now, out.tags); !deleted) return failure(std::move(deleted));
    }
    return out;
}

} // namespace berth::data_plane
