#include "data_plane/manifest_store.hpp"

#include "base/encoding.hpp"
#include "data_plane/blob_rows.hpp"
#include "data_plane/collection/garbage_store.hpp"
#include "data_plane/collection/quarantine_store.hpp"
#include "data_plane/collection/untagged_store.hpp"
#include "data_plane/repository_store.hpp"
#include "data_plane/tag_store.hpp"

#include <fmt/format.h>

namespace berth::data_plane {

using storage::Rows;
using storage::Session;

std::unexpected<Error> manifest_unknown(const Reference& reference) {
    if (const auto* tag = std::get_if<Tag>(&reference)) {
        return failure(ErrorCode::manifest_unknown, fmt::format("manifest tagged by \"{}\" is not found", tag->value()),
                       boost::json::object{{"tag", tag->value()}});
    }
    const std::string digest = std::get<Digest>(reference).to_string();
    return failure(ErrorCode::manifest_unknown, fmt::format("manifest {} is not found", digest),
                   boost::json::object{{"digest", digest}});
}

namespace {

// Of the config that is read while others wait to write: some 80 µs.
constexpr std::int64_t most_config_bytes_at_hand = 16 * 1024;

// As if it were not there, so that clients push it again: that heals it.
std::unexpected<Error> manifest_damaged(const Digest& digest) {
    const std::string text = digest.to_string();
    return failure(
        ErrorCode::manifest_unknown,
        fmt::format("The stored bytes of the manifest {} were found damaged and are not served. Push it again.", text),
        boost::json::object{{"digest", text}});
}

// Columns: attributes of repository, manifest and tag; digest; media type; size; content. Outer joins, so that one query
// tells a repository that is not there from a manifest that it does not have.
Result<Rows> query_manifest(Session& session, std::int64_t registry, std::string_view repository, const Reference& reference,
                            bool with_content) {
    if (const auto* tag = std::get_if<Tag>(&reference)) {
        return with_content ? session.query("select r.attributes, m.attributes, t.attributes, m.digest, m.media_type, "
                                            "length(m.content), m.content from repositories r "
                                            "left join tags t on t.repository_id = r.id and t.name = ?3 "
                                            "left join manifests m on m.repository_id = r.id and m.digest = t.digest "
                                            "where r.registry_id = ?1 and r.name = ?2",
                                            registry, repository, tag->value())
                            : session.query("select r.attributes, m.attributes, t.attributes, m.digest, m.media_type, "
                                            "length(m.content) from repositories r "
                                            "left join tags t on t.repository_id = r.id and t.name = ?3 "
                                            "left join manifests m on m.repository_id = r.id and m.digest = t.digest "
                                            "where r.registry_id = ?1 and r.name = ?2",
                                            registry, repository, tag->value());
    }
    const Digest& digest = std::get<Digest>(reference);
    return with_content ? session.query("select r.attributes, m.attributes, 15, m.digest, m.media_type, "
                                        "length(m.content), m.content from repositories r "
                                        "left join manifests m on m.repository_id = r.id and m.digest = ?3 "
                                        "where r.registry_id = ?1 and r.name = ?2",
                                        registry, repository, digest)
                        : session.query("select r.attributes, m.attributes, 15, m.digest, m.media_type, "
                                        "length(m.content) from repositories r "
                                        "left join manifests m on m.repository_id = r.id and m.digest = ?3 "
                                        "where r.registry_id = ?1 and r.name = ?2",
                                        registry, repository, digest);
}

std::string describe(const Reference& reference) {
    if (const auto* tag = std::get_if<Tag>(&reference)) return fmt::format("the tag '{}'", tag->value());
    return fmt::format("the manifest '{}'", std::get<Digest>(reference).to_string());
}

enum class Presence : std::uint8_t { missing, whole, quarantined };

Result<Presence> find_manifest(Session& session, std::int64_t repository, const Digest& digest) {
    auto rows =
        session.query("select length(content) from manifests where repository_id = ?1 and digest = ?2", repository, digest);
    if (!rows) return failure(std::move(rows));
    auto found = rows->next();
    if (!found) return failure(std::move(found));
    if (!*found) return Presence::missing;
    return rows->integer(0) > 0 ? Presence::whole : Presence::quarantined;
}

Result<void> check_blobs(Session& session, std::int64_t repository, const ManifestDocument& document) {
    constexpr std::size_t most_named = 16;
    boost::json::array missing;
    std::string names;
    std::size_t count = 0;
    for (const ManifestReference& reference : document.references) {
        if (reference.may_be_missing) continue;
        auto linked = is_linked(session, repository, reference.digest);
        if (!linked) return failure(std::move(linked));
        if (*linked || ++count > most_named) continue;
        const std::string digest = reference.digest.to_string();
        names += (names.empty() ? "" : ", ") + digest;
        missing.push_back(boost::json::object{{"digest", digest}});
    }
    if (count == 0) return {};
    return failure(ErrorCode::manifest_blob_unknown,
                   fmt::format("The manifest lists {} blob{} that this repository does not have: {}{}. Push them first.", count,
                               count == 1 ? "" : "s", names, count > most_named ? ", …" : ""),
                   std::move(missing));
}

// The manifest and what it lists; an index's children with what they list, as far as they are there.
Result<std::int64_t> image_size(Session& session, std::int64_t repository, const ManifestPush& push) {
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    std::uint64_t sum = push.content.size();
    for (const ManifestReference& reference : push.document.references) {
        std::uint64_t size = reference.size;
        if (reference.is_manifest) {
            auto rows = session.query("select image_size from manifests where repository_id = ?1 and digest = ?2", repository,
                                      reference.digest);
            if (!rows) return failure(std::move(rows));
            auto found = rows->next();
            if (!found) return failure(std::move(found));
            if (*found) size = static_cast<std::uint64_t>(rows->integer(0));
        }
        sum = size > most - sum ? most : sum + size;
    }
    return static_cast<std::int64_t>(sum);
}

// nullopt: the config's bytes are elsewhere, or many.
Result<std::optional<ImagePlatform>> platform_at_hand(Session& session, const ManifestDocument& document) {
    if (!document.names_image_config()) return ImagePlatform{};
    auto rows = session.query("select size, storage_key is not null, case when size <= ?2 then content end from blobs "
                              "where digest = ?1",
                              *document.config, most_config_bytes_at_hand);
    if (!rows) return failure(std::move(rows));
    auto found = rows->next();
    if (!found) return failure(std::move(found));
    if (!*found) return ImagePlatform{};
    if (rows->boolean(1) || rows->integer(0) > most_config_bytes_at_hand) return std::nullopt;
    return parse_image_platform(as_text(rows->bytes(2)));
}

Result<void> insert_manifest(Session& session, std::int64_t repository, const ManifestPush& push,
                             const ImagePlatform& platform) {
    const ManifestDocument& document = push.document;
    auto size = image_size(session, repository, push);
    if (!size) return failure(std::move(size));
    auto inserted = session.execute(
        "insert into manifests(repository_id, digest, media_type, artifact_type, config_media_type, architecture, "
        "operating_system, subject, annotations, image_size, content, created_at, updated_at) "
        "values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12)",
        repository, push.digest, document.media_type, document.artifact_type, document.config_media_type, platform.architecture,
        platform.operating_system, document.subject, document.annotations, *size, as_bytes(push.content), push.now);
    if (!inserted) return failure(std::move(inserted));
    for (const ManifestReference& reference : document.references) {
        auto listed = session.execute("insert into manifest_references(repository_id, manifest, digest, is_manifest) "
                                      "values (?1, ?2, ?3, ?4)",
                                      repository, push.digest, reference.digest, reference.is_manifest);
        if (!listed) return failure(std::move(listed));
        if (reference.is_manifest) continue;
        if (auto done = unqueue_listed(session, reference.digest, repository); !done) return done;
    }
    // Data of earlier programs may hold a note on a manifest of this digest that was deleted since.
    return forget_quarantined_manifest(session, repository, push.digest);
}

Result<void> check_precondition(Session& session, std::int64_t repository, const ManifestPush& push, bool known) {
    if (!push.precondition.if_match && !push.precondition.if_none_match) return {};
    std::optional<Digest> current;
    if (const auto* tag = std::get_if<Tag>(&push.reference)) {
        auto found = find_tag(session, repository, *tag);
        if (!found) return failure(std::move(found));
        if (*found) current = (*found)->digest;
    } else if (known) {
        current = push.digest;
    }
    return push.precondition.check(current);
}

} // namespace

Result<StoredManifest> read_manifest(Session& session, std::int64_t registry, std::string_view repository,
                                     const Reference& reference, bool with_content) {
    auto rows = query_manifest(session, registry, repository, reference, with_content);
    if (!rows) return failure(std::move(rows));
    auto found = rows->next();
    if (!found) return failure(std::move(found));
    if (!*found) return repository_unknown(repository);
    if (rows->is_null(3)) return manifest_unknown(reference);
    const Attributes of_repository{rows->integer(0)};
    if (!of_repository.read_enabled()) {
        return failure(require_readable(of_repository, fmt::format("the repository '{}'", repository)));
    }
    const Attributes of_manifest{rows->integer(1) & rows->integer(2)};
    if (!of_manifest.read_enabled()) return failure(require_readable(of_manifest, describe(reference)));
    auto digest = rows->digest(3);
    if (!digest) return failure(std::move(digest));
    if (rows->integer(5) == 0) return manifest_damaged(*digest);
    StoredManifest out{.digest = *digest,
                       .media_type = std::string(rows->text(4)),
                       .size = static_cast<std::uint64_t>(rows->integer(5)),
                       .content = {}};
    if (with_content) out.content = as_text(rows->bytes(6));
    return out;
}

Result<bool> push_manifest(Session& session, const ManifestPush& push) {
    auto pushed = push_to_repository(session, push.registry, push.repository, push.now);
    if (!pushed) return failure(std::move(pushed));
    const std::int64_t repository = pushed->repository.row;

    auto known = find_manifest(session, repository, push.digest);
    if (!known) return failure(std::move(known));
    if (auto holds = check_precondition(session, repository, push, *known != Presence::missing); !holds)
        return failure(std::move(holds));
    if (auto complete = check_blobs(session, repository, push.document); !complete) return failure(std::move(complete));
    if (*known == Presence::missing) {
        std::optional<ImagePlatform> of_config;
        if (push.platform == nullptr) {
            auto at_hand = platform_at_hand(session, push.document);
            if (!at_hand) return failure(std::move(at_hand));
            if (!*at_hand) return manifest_unknown(push.digest);
            of_config = std::move(**at_hand);
        }
        auto inserted = insert_manifest(session, repository, push, push.platform != nullptr ? *push.platform : *of_config);
        if (!inserted) return failure(std::move(inserted));
    } else if (*known == Presence::quarantined) {
        auto healed = heal_manifest(session, repository, push.digest, push.content);
        if (!healed) return failure(std::move(healed));
    }
    // Whoever sends one again that nobody tagged begins its time anew, as if it were new.
    if (push.tags.empty()) {
        if (auto noted = note_untagged(session, repository, push.digest, push.now); !noted) return failure(std::move(noted));
    }
    for (const Tag& tag : push.tags) {
        if (auto set = set_tag(session, repository, tag, push.digest, push.now); !set) return failure(std::move(set));
    }
    if (!pushed->created) {
        if (auto touched = touch_repository(session, repository, push.now); !touched) return failure(std::move(touched));
    }
    return pushed->created;
}

Result<void> set_manifest_attributes(Session& session, std::int64_t repository, const Digest& digest, Attributes attributes,
                                     Timestamp now) {
    auto changed = session.execute("update manifests set attributes = ?3, updated_at = ?4 "
                                   "where repository_id = ?1 and digest = ?2",
                                   repository, digest, attributes.bits, now);
    if (!changed) return failure(std::move(changed));
    if (*changed == 0) return manifest_unknown(digest);
    return {};
}

} // namespace berth::data_plane
