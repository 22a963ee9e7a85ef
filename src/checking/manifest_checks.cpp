#include "base/encoding.hpp"
#include "base/names.hpp"
#include "checking/check_list.hpp"
#include "data_plane/manifest_document.hpp"

#include <map>

namespace berth::checking {
namespace {

using data_plane::ManifestDocument;
using data_plane::ManifestShape;
using storage::Session;

constexpr std::uint64_t rows_at_once = 200;

struct ManifestRow {
    std::int64_t row = 0;
    std::int64_t repository = 0;
    Bytes digest;
    std::string media_type;
    std::optional<std::string> artifact_type;
    std::optional<std::string> config_media_type;
    std::optional<Bytes> subject;
    std::optional<std::string> annotations;
    std::uint64_t image_size = 0;
    std::string content;
    std::map<Bytes, bool> references; ///< digest, whether it is a manifest

    std::string name() const {
        return fmt::format("The manifest {} in the repository number {}", digest_text(digest), repository);
    }
};

Result<void> read_references(Session& session, ManifestRow& row) {
    auto rows = session.query("select digest, is_manifest from manifest_references where repository_id = ?1 and manifest = ?2",
                              row.repository, row.digest);
    if (!rows) return failure(std::move(rows));
    for (;;) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return {};
        row.references.emplace(Bytes(rows->bytes(0).begin(), rows->bytes(0).end()), rows->boolean(1));
    }
}

Result<std::vector<ManifestRow>> read_rows(Session& session, std::int64_t behind) {
    std::vector<ManifestRow> out;
    {
        auto rows =
            session.query("select rowid, repository_id, digest, media_type, artifact_type, config_media_type, subject, "
                          "annotations, image_size, content from manifests where rowid > ?1 and not exists(select 1 from "
                          "quarantined_content q where q.digest = manifests.digest and "
                          "q.repository_id = manifests.repository_id) order by rowid limit ?2",
                          behind, rows_at_once);
        if (!rows) return failure(std::move(rows));
        for (;;) {
            auto more = rows->next();
            if (!more) return failure(std::move(more));
            if (!*more) break;
            ManifestRow& row = out.emplace_back();
            row.row = rows->integer(0);
            row.repository = rows->integer(1);
            row.digest.assign(rows->bytes(2).begin(), rows->bytes(2).end());
            row.media_type = rows->text(3);
            row.artifact_type = rows->optional_text(4);
            row.config_media_type = rows->optional_text(5);
            if (!rows->is_null(6)) row.subject.emplace(rows->bytes(6).begin(), rows->bytes(6).end());
            row.annotations = rows->optional_text(7);
            row.image_size = static_cast<std::uint64_t>(rows->integer(8));
            row.content = as_text(rows->bytes(9));
        }
    }
    for (ManifestRow& row : out) {
        if (auto read = read_references(session, row); !read) return failure(std::move(read));
    }
    return out;
}

template <class Look>
Result<void> for_each_manifest(Inspection& inspection, Look look) {
    for (std::int64_t behind = -1;;) {
        auto rows = inspection.snapshot([&](Session& session) { return read_rows(session, behind); });
        if (!rows) return failure(std::move(rows));
        if (rows->empty()) return {};
        for (const ManifestRow& row : *rows) look(row);
        behind = rows->back().row;
    }
}

void check_document(Inspection& inspection, const ManifestRow& row) {
    inspection.saw();
    const auto digest = Digest::from_stored(row.digest);
    if (!digest || Digest::of(as_bytes(row.content), digest->algorithm()) != *digest) {
        inspection.wrong(fmt::format("{} has other bytes than it was pushed with.", row.name()));
        return;
    }
    if (auto document = data_plane::parse_manifest(row.media_type, row.content); !document) {
        inspection.wrong(fmt::format("{} cannot be read as '{}': {}", row.name(), row.media_type, document.error().message));
    }
}

Result<void> check_documents(Inspection& inspection) {
    return for_each_manifest(inspection, [&](const ManifestRow& row) { check_document(inspection, row); });
}

Bytes stored(const Digest& digest) { return {digest.stored().begin(), digest.stored().end()}; }

// What lists of referrers and of manifests show.
void check_columns(Inspection& inspection, const ManifestRow& row, const ManifestDocument& document) {
    const auto subject = document.subject ? std::optional(stored(*document.subject)) : std::nullopt;
    const auto compare = [&](bool same, std::string_view what) {
        if (!same) inspection.wrong(fmt::format("{} is kept with another {} than it says.", row.name(), what));
    };
    compare(row.subject == subject, "subject");
    compare(row.artifact_type == document.artifact_type, "artifact type");
    compare(row.config_media_type == document.config_media_type, "media type of its config");
    compare(row.annotations == document.annotations, "annotations");

    std::uint64_t size = row.content.size();
    for (const auto& reference : document.references) {
        if (!reference.is_manifest) size += std::min(reference.size, std::numeric_limits<std::uint64_t>::max() / 8 - size / 8);
    }
    // What an index counts of its children depends on what was there when it was pushed.
    const bool depends = std::ranges::any_of(document.references, [](const auto& one) { return one.is_manifest; });
    compare(depends ? row.image_size >= row.content.size() : row.image_size == size, "size");
}

void check_listed(Inspection& inspection, const ManifestRow& row, const ManifestDocument& document) {
    std::map<Bytes, bool> expected;
    for (const auto& reference : document.references) expected.emplace(stored(reference.digest), reference.is_manifest);
    if (row.references == expected) return;
    for (const auto& [digest, is_manifest] : expected) {
        if (!row.references.contains(digest)) {
            inspection.wrong(
                fmt::format("{} lists {}, and no row says so: it could be collected.", row.name(), digest_text(digest)));
        }
    }
    for (const auto& [digest, is_manifest] : row.references) {
        const auto found = expected.find(digest);
        if (found == expected.end()) {
            inspection.wrong(fmt::format("{} does not list {}, but a row says so.", row.name(), digest_text(digest)));
        } else if (found->second != is_manifest) {
            inspection.wrong(fmt::format("{} lists {} as what it is not.", row.name(), digest_text(digest)));
        }
    }
}

template <class Look>
Result<void> for_each_document(Inspection& inspection, Look look) {
    return for_each_manifest(inspection, [&](const ManifestRow& row) {
        inspection.saw();
        if (const auto document = data_plane::parse_manifest(row.media_type, row.content)) look(row, *document);
    });
}

Result<void> check_kept(Inspection& inspection) {
    return for_each_document(inspection, [&](const ManifestRow& row, const ManifestDocument& document) {
        check_columns(inspection, row, document);
    });
}

Result<void> check_references(Inspection& inspection) {
    return for_each_document(
        inspection, [&](const ManifestRow& row, const ManifestDocument& document) { check_listed(inspection, row, document); });
}

// A blob may be deleted from under a manifest; then an event says so.
Result<bool> is_missing(Session& session, const ManifestRow& row, const Digest& digest) {
    {
        auto rows = session.query("select exists(select 1 from repository_blobs where repository_id = ?1 and digest = ?2) or "
                                  "not exists(select 1 from manifests where repository_id = ?1 and digest = ?3)",
                                  row.repository, digest, row.digest);
        if (!rows) return failure(std::move(rows));
        if (auto more = rows->next(); !more) return more;
        if (rows->boolean(0)) return false;
    }
    auto rows =
        session.query("select 1 from repositories r join events e on e.registry_id = r.registry_id and "
                      "e.kind = 'blob.delete' and instr(e.detail, ?2) > 0 and instr(e.detail, r.name) > 0 where r.id = ?1",
                      row.repository, digest.to_string());
    if (!rows) return failure(std::move(rows));
    auto deleted = rows->next();
    if (!deleted) return deleted;
    return !*deleted;
}

Result<void> check_blobs(Inspection& inspection) {
    Result<void> done;
    auto walked = for_each_document(inspection, [&](const ManifestRow& row, const ManifestDocument& document) {
        const auto look = [&](Session& session) -> Result<void> {
            for (const auto& reference : document.references) {
                if (reference.may_be_missing) continue;
                auto missing = is_missing(session, row, reference.digest);
                if (!missing) return failure(std::move(missing));
                if (!*missing) continue;
                inspection.wrong(fmt::format("{} lists the blob {}, which its repository does not link, and nobody deleted it.",
                                             row.name(), reference.digest.to_string()));
            }
            return {};
        };
        if (done) done = inspection.snapshot(look);
    });
    return walked ? done : walked;
}

Result<void> check_names(Inspection& inspection) {
    return inspection.snapshot([&](Session& session) -> Result<void> {
        auto rows = session.query("select id, name from repositories");
        if (!rows) return failure(std::move(rows));
        for (;;) {
            auto more = rows->next();
            if (!more) return failure(std::move(more));
            if (!*more) return {};
            inspection.saw();
            if (!RepositoryName::parse(rows->text(1))) {
                inspection.wrong(fmt::format("The repository number {} has a name that none can have.", rows->integer(0)));
            }
        }
    });
}

Result<void> check_tags(Inspection& inspection) {
    return inspection.snapshot([&](Session& session) -> Result<void> {
        auto rows =
            session.query("select t.repository_id, t.name, t.digest, m.digest is null from tags t left join manifests m "
                          "on m.repository_id = t.repository_id and m.digest = t.digest");
        if (!rows) return failure(std::move(rows));
        for (;;) {
            auto more = rows->next();
            if (!more) return failure(std::move(more));
            if (!*more) return {};
            inspection.saw();
            if (!Tag::parse(rows->text(1))) {
                inspection.wrong(
                    fmt::format("A tag of the repository number {} has a name that none can have.", rows->integer(0)));
            }
            if (rows->boolean(3)) {
                inspection.wrong(fmt::format("The tag '{}' of the repository number {} is at {}, which is no manifest there.",
                                             rows->text(1), rows->integer(0), digest_text(rows->bytes(2))));
            }
        }
    });
}

} // namespace

std::vector<Check> manifest_checks() {
    return {
        {.name = "repositories", .promise = "Repositories have names that they may have.", .run = check_names},
        {.name = "manifests",
         .promise = "The bytes of each manifest are those of its digest, and say what its type says.",
         .run = check_documents},
        {.name = "referrers",
         .promise = "Subject, types, annotations and size of each manifest are kept as it says them.",
         .run = check_kept},
        {.name = "manifest-references", .promise = "What each manifest lists is kept as it says it.", .run = check_references},
        {.name = "manifest-blobs",
         .promise = "The blobs that a manifest lists are linked by its repository, unless somebody deleted them.",
         .run = check_blobs},
        {.name = "tags", .promise = "Each tag is at a manifest of its repository.", .run = check_tags},
        {.name = "attributes",
         .promise = "Locks are such as berth sets.",
         .counted =
             {"select (select count(*) from repositories) + (select count(*) from manifests) + (select count(*) from tags)"},
         .wrong = {"select 'The repository ' || name || ' has locks that berth does not know.' from repositories "
                   "where attributes not between 0 and 15",
                   "select 'The manifest ' || lower(hex(digest)) || ' has locks that berth does not know.' from manifests "
                   "where attributes not between 0 and 15",
                   "select 'The tag ' || name || ' has locks that berth does not know.' from tags "
                   "where attributes not between 0 and 15"}},
    };
}

} // namespace berth::checking
