#include "data_plane/collection/untagged_store.hpp"

#include "data_plane/manifest_deletion.hpp"
#include "storage/events.hpp"

#include <boost/json/array.hpp>

namespace berth::data_plane {

using storage::Session;

Result<void> note_untagged(Session& session, std::int64_t repository, const Digest& digest, Timestamp now) {
    auto done = session.execute("insert into untagged_manifests(repository_id, digest, untagged_at) "
                                "select repository_id, digest, ?3 from manifests where repository_id = ?1 and digest = ?2 "
                                "and not exists (select 1 from tags where repository_id = ?1 and digest = ?2) "
                                "on conflict (repository_id, digest) do update set untagged_at = excluded.untagged_at",
                                repository, digest, now);
    if (!done) return failure(std::move(done));
    return {};
}

Result<void> note_untagged_children(Session& session, std::int64_t repository, const Digest& parent, Timestamp now) {
    auto done = session.execute("insert into untagged_manifests(repository_id, digest, untagged_at) "
                                "select m.repository_id, m.digest, ?3 from manifest_references l join manifests m on "
                                "m.repository_id = l.repository_id and m.digest = l.digest "
                                "where l.repository_id = ?1 and l.manifest = ?2 and l.is_manifest = 1 "
                                "on conflict (repository_id, digest) do update set untagged_at = excluded.untagged_at",
                                repository, parent, now);
    if (!done) return failure(std::move(done));
    return {};
}

Result<std::vector<UntaggedManifest>> list_untagged(Session& session, Timestamp before, std::uint64_t limit) {
    auto rows = session.query("select repository_id, digest, untagged_at from untagged_manifests where untagged_at < ?1 "
                              "order by untagged_at limit ?2",
                              before, limit);
    if (!rows) return failure(std::move(rows));
    std::vector<UntaggedManifest> out;
    for (;;) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return out;
        auto digest = rows->digest(1);
        if (!digest) return failure(std::move(digest));
        out.push_back({.repository = rows->integer(0), .digest = *digest, .since = rows->time(2)});
    }
}

// `likelihood`: else SQLite, which keeps no statistics here, reads all that the repository's manifests list.
Result<UntaggedFate> fate_of(Session& session, const UntaggedManifest& manifest) {
    auto rows = session.query(
        "select exists (select 1 from tags where repository_id = ?1 and digest = ?2), "
        "exists (select 1 from manifest_references where repository_id = ?1 and likelihood(digest = ?2, 0.0001) and "
        "is_manifest = 1), "
        "m.subject is not null, m.attributes & r.attributes & 3, exists (with recursive going(digest) as (select digest from "
        "manifests where repository_id = ?1 and subject = ?2 and attributes & 3 = 3 union select o.digest from going g join "
        "manifests o on o.repository_id = ?1 and o.subject = g.digest and o.attributes & 3 = 3) select 1 from going g join "
        "tags t on t.repository_id = ?1 and t.digest = g.digest) from manifests m join repositories r on r.id = "
        "m.repository_id "
        "where m.repository_id = ?1 and m.digest = ?2",
        manifest.repository, manifest.digest);
    if (!rows) return failure(std::move(rows));
    auto found = rows->next();
    if (!found) return failure(std::move(found));
    if (!*found) return UntaggedFate::gone;
    if (rows->boolean(0)) return UntaggedFate::tagged_again;
    if (rows->boolean(1)) return UntaggedFate::listed;
    if (rows->boolean(2)) return UntaggedFate::referrer;
    if (rows->integer(3) != 3) return UntaggedFate::locked;
    return rows->boolean(4) ? UntaggedFate::referred_to : UntaggedFate::goes;
}

Result<bool> is_renewable(Session& session, std::int64_t registry, std::string_view repository, const Digest& digest,
                          Timestamp before) {
    auto rows = session.query("select 1 from untagged_manifests u join repositories r on r.id = u.repository_id "
                              "where r.registry_id = ?1 and r.name = ?2 and u.digest = ?3 and u.untagged_at < ?4 "
                              "and exists (select 1 from collection_state where untagged_seconds is not null) "
                              "and not exists (select 1 from tags t where t.repository_id = r.id and t.digest = ?3) "
                              "and not exists (select 1 from manifest_references l where l.repository_id = r.id and "
                              "likelihood(l.digest = ?3, 0.0001) and "
                              "l.is_manifest = 1)",
                              registry, repository, digest, before);
    if (!rows) return failure(std::move(rows));
    return rows->next();
}

Result<void> renew_untagged(Session& session, std::int64_t registry, std::string_view repository, const Digest& digest,
                            Timestamp now) {
    auto done = session.execute("update untagged_manifests set untagged_at = ?4 where digest = ?3 and repository_id = "
                                "(select id from repositories where registry_id = ?1 and name = ?2)",
                                registry, repository, digest, now);
    if (!done) return failure(std::move(done));
    return {};
}

namespace {

// The registry's row and the repository's name, as events say them.
struct Place {
    std::int64_t registry = 0;
    std::string repository;
};

Result<Place> place_of(Session& session, std::int64_t repository) {
    auto rows = session.query("select registry_id, name from repositories where id = ?1", repository);
    if (!rows) return failure(std::move(rows));
    auto found = rows->next();
    if (!found) return failure(std::move(found));
    if (!*found) return failure(ErrorCode::internal, "a manifest is in no repository");
    return Place{.registry = rows->integer(0), .repository = std::string(rows->text(1))};
}

Result<std::uint64_t> take(Session& session, const UntaggedManifest& manifest, Timestamp now) {
    auto place = place_of(session, manifest.repository);
    if (!place) return failure(std::move(place));
    auto deleted = delete_manifest(session, manifest.repository, manifest.digest, now);
    if (!deleted) return failure(std::move(deleted));
    boost::json::array referrers;
    for (const Digest& other : std::span(deleted->manifests).subspan(1)) referrers.emplace_back(other.to_string());
    storage::Event event{.kind = "manifest.delete",
                         .registry = place->registry,
                         .actor = "collection",
                         .detail = {{"repository", place->repository},
                                    {"digest", manifest.digest.to_string()},
                                    {"untaggedSince", to_rfc3339(manifest.since)},
                                    {"tags", boost::json::array(deleted->tags.begin(), deleted->tags.end())},
                                    {"referrers", std::move(referrers)}}};
    if (auto noted = storage::append_event(session, now, event); !noted) return failure(std::move(noted));
    return deleted->manifests.size();
}

} // namespace

Result<std::uint64_t> collect_untagged(Session& session, const UntaggedManifest& manifest, Timestamp now) {
    auto fate = fate_of(session, manifest);
    if (!fate) return failure(std::move(fate));
    if (*fate == UntaggedFate::goes) return take(session, manifest, now);
    auto done = *fate == UntaggedFate::locked || *fate == UntaggedFate::referred_to
                    ? session.execute("update untagged_manifests set untagged_at = ?3 where repository_id = ?1 and digest = ?2",
                                      manifest.repository, manifest.digest, now)
                    : session.execute("delete from untagged_manifests where repository_id = ?1 and digest = ?2",
                                      manifest.repository, manifest.digest);
    if (!done) return failure(std::move(done));
    return 0;
}

} // namespace berth::data_plane
