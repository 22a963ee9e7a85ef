#include "data_plane/tag_store.hpp"

#include "data_plane/collection/untagged_store.hpp"
#include "data_plane/manifest_store.hpp"

#include <fmt/format.h>

namespace berth::data_plane {

using storage::Session;

namespace {

std::string describe(const Tag& tag) { return fmt::format("the tag '{}'", tag.value()); }

} // namespace

Result<std::optional<StoredTag>> find_tag(Session& session, std::int64_t repository, const Tag& tag) {
    auto rows =
        session.query("select digest, attributes from tags where repository_id = ?1 and name = ?2", repository, tag.value());
    if (!rows) return failure(std::move(rows));
    auto found = rows->next();
    if (!found) return failure(std::move(found));
    if (!*found) return std::nullopt;
    auto digest = rows->digest(0);
    if (!digest) return failure(std::move(digest));
    return StoredTag{.digest = *digest, .attributes = {rows->integer(1)}};
}

Result<void> set_tag(Session& session, std::int64_t repository, const Tag& tag, const Digest& digest, Timestamp now) {
    auto current = find_tag(session, repository, tag);
    if (!current) return failure(std::move(current));
    if (*current && (*current)->digest == digest) return {};
    if (*current) {
        if (auto writable = require_writable((*current)->attributes, describe(tag)); !writable) return writable;
        auto moved = session.execute("update tags set digest = ?3, updated_at = ?4 where repository_id = ?1 and name = ?2",
                                     repository, tag.value(), digest, now);
        if (!moved) return failure(std::move(moved));
        return note_untagged(session, repository, (*current)->digest, now);
    }
    auto made = session.execute("insert into tags(repository_id, name, digest, created_at, updated_at) "
                                "values (?1, ?2, ?3, ?4, ?4)",
                                repository, tag.value(), digest, now);
    if (!made) return failure(std::move(made));
    return {};
}

Result<Digest> delete_tag(Session& session, std::int64_t repository, const Tag& tag, Timestamp now) {
    auto current = find_tag(session, repository, tag);
    if (!current) return failure(std::move(current));
    if (!*current) return manifest_unknown(tag);
    if (auto deletable = require_deletable((*current)->attributes, describe(tag)); !deletable) {
        return failure(std::move(deletable));
    }
    auto deleted = session.execute("delete from tags where repository_id = ?1 and name = ?2", repository, tag.value());
    if (!deleted) return failure(std::move(deleted));
    if (auto noted = note_untagged(session, repository, (*current)->digest, now); !noted) return failure(std::move(noted));
    return (*current)->digest;
}

Result<std::vector<std::string>> list_tags(Session& session, std::int64_t repository, std::string_view after,
                                           std::uint64_t limit) {
    auto rows = session.query("select name from tags where repository_id = ?1 and name > ?2 and attributes & 8 <> 0 "
                              "order by name limit ?3",
                              repository, after, limit);
    if (!rows) return failure(std::move(rows));
    std::vector<std::string> out;
    for (;;) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return out;
        out.emplace_back(rows->text(0));
    }
}

Result<void> set_tag_attributes(Session& session, std::int64_t repository, const Tag& tag, Attributes attributes,
                                Timestamp now) {
    auto changed = session.execute("update tags set attributes = ?3, updated_at = ?4 "
                                   "where repository_id = ?1 and name = ?2",
                                   repository, tag.value(), attributes.bits, now);
    if (!changed) return failure(std::move(changed));
    if (*changed == 0) {
        return failure(ErrorCode::tag_unknown, "the specified tag does not exist", boost::json::object{{"tag", tag.value()}});
    }
    return {};
}

} // namespace berth::data_plane
