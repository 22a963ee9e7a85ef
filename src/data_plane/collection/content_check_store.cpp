#include "data_plane/collection/content_check_store.hpp"

#include "base/encoding.hpp"

namespace berth::data_plane {

using storage::Session;
using storage::StorageKey;

namespace {

using Part = ContentPosition::Part;

// Before all digests, which begin with the number of their algorithm.
std::span<const std::byte> stored(const std::optional<Digest>& digest) {
    return digest ? digest->stored() : std::span<const std::byte>();
}

} // namespace

Result<std::optional<ContentPosition>> load_position(Session& session) {
    auto rows = session.query("select part, repository_id, digest, begun_at, ended_at from content_check where id = 1");
    if (!rows) return failure(std::move(rows));
    auto found = rows->next();
    if (!found) return failure(std::move(found));
    if (!*found) return std::nullopt;
    ContentPosition out{.part = rows->text(0) == "manifests" ? Part::manifests : Part::blobs,
                        .repository = rows->integer(1),
                        .digest = Digest::from_stored(rows->bytes(2)),
                        .begun_at = rows->time(3),
                        .ended_at = std::nullopt};
    if (!rows->is_null(4)) out.ended_at = rows->time(4);
    return out;
}

Result<void> save_position(Session& session, const ContentPosition& position) {
    auto done = session.execute("insert into content_check(id, part, repository_id, digest, begun_at, ended_at) "
                                "values (1, ?1, ?2, ?3, ?4, ?5) on conflict (id) do update set part = excluded.part, "
                                "repository_id = excluded.repository_id, digest = excluded.digest, "
                                "begun_at = excluded.begun_at, ended_at = excluded.ended_at",
                                position.part == Part::manifests ? "manifests" : "blobs", position.repository,
                                stored(position.digest), position.begun_at, position.ended_at);
    if (!done) return failure(std::move(done));
    return {};
}

Result<std::vector<StoredContent>> list_content(Session& session, const ContentPosition& position, std::uint64_t limit) {
    auto rows = position.part == Part::blobs
                    ? session.query("select 0, digest, size, storage_key, content from blobs where digest > ?1 and "
                                    "not (storage_key is null and content is null) order by digest limit ?2",
                                    stored(position.digest), limit)
                    : session.query("select repository_id, digest, length(content), null, content from manifests "
                                    "where (repository_id, digest) > (?1, ?2) and length(content) > 0 "
                                    "order by repository_id, digest limit ?3",
                                    position.repository, stored(position.digest), limit);
    if (!rows) return failure(std::move(rows));
    std::vector<StoredContent> out;
    for (;;) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return out;
        auto digest = rows->digest(1);
        if (!digest) return failure(std::move(digest));
        StoredContent one{.repository = rows->integer(0),
                          .digest = *digest,
                          .size = static_cast<std::uint64_t>(rows->integer(2)),
                          .key = std::nullopt,
                          .content = {}};
        if (!rows->is_null(3)) {
            one.key = StorageKey::parse(rows->text(3));
            if (!one.key) return failure(ErrorCode::internal, "A storage key in the database is damaged.");
        } else {
            one.content = as_text(rows->bytes(4));
        }
        out.push_back(std::move(one));
    }
}

} // namespace berth::data_plane
