#include "data_plane/detail_store.hpp"

#include "data_plane/manifest_store.hpp"

namespace berth::data_plane {

using storage::Rows;
using storage::Session;

namespace {

// What one manifest shows of its tags; a page would not end otherwise.
constexpr std::uint64_t most_tags_of_a_manifest = 1'000;

Result<TagDetails> tag_of(const Rows& rows) {
    auto digest = rows.digest(1);
    if (!digest) return failure(std::move(digest));
    return TagDetails{.name = std::string(rows.text(0)),
                      .digest = *digest,
                      .attributes = {rows.integer(2)},
                      .created_at = rows.time(3),
                      .updated_at = rows.time(4)};
}

Result<ManifestDetails> manifest_of(const Rows& rows) {
    auto digest = rows.digest(0);
    if (!digest) return failure(std::move(digest));
    return ManifestDetails{.digest = *digest,
                           .media_type = std::string(rows.text(1)),
                           .config_media_type = rows.optional_text(2),
                           .architecture = rows.optional_text(3),
                           .operating_system = rows.optional_text(4),
                           .image_size = static_cast<std::uint64_t>(rows.integer(5)),
                           .attributes = {rows.integer(6)},
                           .created_at = rows.time(7),
                           .updated_at = rows.time(8),
                           .tags = {}};
}

template <class Item>
Result<std::vector<Item>> collect_rows(Result<Rows> rows, Result<Item> (*read)(const Rows&)) {
    if (!rows) return failure(std::move(rows));
    std::vector<Item> out;
    for (;;) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return out;
        auto item = read(*rows);
        if (!item) return failure(std::move(item));
        out.push_back(std::move(*item));
    }
}

Result<void> add_tags(Session& session, std::int64_t repository, ManifestDetails& manifest) {
    auto rows = session.query("select name from tags where repository_id = ?1 and digest = ?2 and attributes & 8 <> 0 "
                              "order by name limit ?3",
                              repository, manifest.digest, most_tags_of_a_manifest);
    if (!rows) return failure(std::move(rows));
    for (;;) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return {};
        manifest.tags.emplace_back(rows->text(0));
    }
}

} // namespace

Result<TagDetails> read_tag_details(Session& session, std::int64_t repository, const Tag& tag) {
    auto rows = session.query("select name, digest, attributes, created_at, updated_at from tags "
                              "where repository_id = ?1 and name = ?2",
                              repository, tag.value());
    if (!rows) return failure(std::move(rows));
    auto found = rows->next();
    if (!found) return failure(std::move(found));
    if (!*found) {
        return failure(ErrorCode::tag_unknown, "the specified tag does not exist", boost::json::object{{"tag", tag.value()}});
    }
    return tag_of(*rows);
}

Result<std::vector<TagDetails>> list_tag_details(Session& session, std::int64_t repository, Order order, std::string_view after,
                                                 const std::optional<Digest>& digest, std::uint64_t limit) {
    switch (order) {
    case Order::name:
        if (digest) {
            return collect_rows(session.query("select name, digest, attributes, created_at, updated_at from tags "
                                              "where repository_id = ?1 and digest = ?2 and name > ?3 and attributes & 8 <> 0 "
                                              "order by name limit ?4",
                                              repository, *digest, after, limit),
                                tag_of);
        }
        return collect_rows(session.query("select name, digest, attributes, created_at, updated_at from tags "
                                          "where repository_id = ?1 and name > ?2 and attributes & 8 <> 0 "
                                          "order by name limit ?3",
                                          repository, after, limit),
                            tag_of);
    case Order::time_ascending:
        return collect_rows(session.query("select name, digest, attributes, created_at, updated_at from tags "
                                          "where repository_id = ?1 and (?3 is null or digest = ?3) and attributes & 8 <> 0 "
                                          "and (?2 = '' or (updated_at, name) > "
                                          "(select updated_at, name from tags where repository_id = ?1 and name = ?2)) "
                                          "order by updated_at, name limit ?4",
                                          repository, after, digest, limit),
                            tag_of);
    case Order::time_descending: break;
    }
    return collect_rows(session.query("select name, digest, attributes, created_at, updated_at from tags "
                                      "where repository_id = ?1 and (?3 is null or digest = ?3) and attributes & 8 <> 0 "
                                      "and (?2 = '' or (updated_at, name) < "
                                      "(select updated_at, name from tags where repository_id = ?1 and name = ?2)) "
                                      "order by updated_at desc, name desc limit ?4",
                                      repository, after, digest, limit),
                        tag_of);
}

Result<ManifestDetails> read_manifest_details(Session& session, std::int64_t repository, const Digest& digest) {
    std::optional<ManifestDetails> out;
    {
        auto rows = session.query("select digest, media_type, config_media_type, architecture, operating_system, "
                                  "image_size, attributes, created_at, updated_at from manifests "
                                  "where repository_id = ?1 and digest = ?2",
                                  repository, digest);
        if (!rows) return failure(std::move(rows));
        auto found = rows->next();
        if (!found) return failure(std::move(found));
        if (!*found) return manifest_unknown(digest);
        auto manifest = manifest_of(*rows);
        if (!manifest) return failure(std::move(manifest));
        out = std::move(*manifest);
    }
    if (auto added = add_tags(session, repository, *out); !added) return failure(std::move(added));
    return std::move(*out);
}

Result<std::vector<ManifestDetails>> list_manifest_details(Session& session, std::int64_t repository, Order order,
                                                           const std::optional<Digest>& after, std::uint64_t limit) {
    Result<std::vector<ManifestDetails>> out = std::vector<ManifestDetails>{};
    switch (order) {
    case Order::name:
        out = collect_rows(
            session.query("select digest, media_type, config_media_type, architecture, operating_system, image_size, "
                          "attributes, created_at, updated_at from manifests "
                          "where repository_id = ?1 and (?2 is null or digest > ?2) and attributes & 8 <> 0 "
                          "order by digest limit ?3",
                          repository, after, limit),
            manifest_of);
        break;
    case Order::time_ascending:
        out = collect_rows(
            session.query("select digest, media_type, config_media_type, architecture, operating_system, image_size, "
                          "attributes, created_at, updated_at from manifests "
                          "where repository_id = ?1 and attributes & 8 <> 0 and (?2 is null or (updated_at, digest) > "
                          "(select updated_at, digest from manifests where repository_id = ?1 and digest = ?2)) "
                          "order by updated_at, digest limit ?3",
                          repository, after, limit),
            manifest_of);
        break;
    case Order::time_descending:
        out = collect_rows(
            session.query("select digest, media_type, config_media_type, architecture, operating_system, image_size, "
                          "attributes, created_at, updated_at from manifests "
                          "where repository_id = ?1 and attributes & 8 <> 0 and (?2 is null or (updated_at, digest) < "
                          "(select updated_at, digest from manifests where repository_id = ?1 and digest = ?2)) "
                          "order by updated_at desc, digest desc limit ?3",
                          repository, after, limit),
            manifest_of);
        break;
    }
    if (!out) return out;
    for (ManifestDetails& manifest : *out) {
        if (auto added = add_tags(session, repository, manifest); !added) return failure(std::move(added));
    }
    return out;
}

} // namespace berth::data_plane
