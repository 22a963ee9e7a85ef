#include "data_plane/repository_store.hpp"

#include <fmt/format.h>

namespace berth::data_plane {

using storage::Session;

std::unexpected<Error> repository_unknown(std::string_view name) {
    return failure(ErrorCode::name_unknown, fmt::format("repository \"{}\" is not found", name),
                   boost::json::object{{"name", name}});
}

namespace {

Result<std::optional<Repository>> look_up(Session& session, std::int64_t registry, std::string_view name) {
    auto rows = session.query("select id, attributes from repositories where registry_id = ?1 and name = ?2", registry, name);
    if (!rows) return failure(std::move(rows));
    auto found = rows->next();
    if (!found) return failure(std::move(found));
    if (!*found) return std::nullopt;
    return Repository{.row = rows->integer(0), .attributes = {rows->integer(1)}};
}

} // namespace

Result<Repository> find_repository(Session& session, std::int64_t registry, std::string_view name) {
    auto found = look_up(session, registry, name);
    if (!found) return failure(std::move(found));
    if (!*found) return repository_unknown(name);
    return **found;
}

Result<PushedRepository> push_to_repository(Session& session, std::int64_t registry, std::string_view name, Timestamp now) {
    auto found = look_up(session, registry, name);
    if (!found) return failure(std::move(found));
    if (*found) {
        if (auto writable = require_writable((*found)->attributes, fmt::format("the repository '{}'", name)); !writable) {
            return failure(std::move(writable));
        }
        return PushedRepository{.repository = **found};
    }
    auto rows = session.query("insert into repositories(registry_id, name, created_at, updated_at) "
                              "values (?1, ?2, ?3, ?3) returning id, attributes",
                              registry, name, now);
    if (!rows) return failure(std::move(rows));
    auto inserted = rows->next();
    if (!inserted) return failure(std::move(inserted));
    return PushedRepository{.repository = {.row = rows->integer(0), .attributes = {rows->integer(1)}}, .created = true};
}

Result<void> touch_repository(Session& session, std::int64_t repository, Timestamp now) {
    auto done = session.execute("update repositories set updated_at = ?2 where id = ?1", repository, now);
    if (!done) return failure(std::move(done));
    return {};
}

Result<std::vector<std::string>> list_repositories(Session& session, std::int64_t registry, std::string_view after,
                                                   std::uint64_t limit) {
    auto rows = session.query("select name from repositories where registry_id = ?1 and name > ?2 and "
                              "attributes & 8 <> 0 order by name limit ?3",
                              registry, after, limit);
    if (!rows) return failure(std::move(rows));
    std::vector<std::string> out;
    for (;;) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return out;
        out.emplace_back(rows->text(0));
    }
}

Result<RepositoryDetails> read_repository_details(Session& session, std::int64_t registry, std::string_view name) {
    auto rows = session.query("select id, attributes, created_at, updated_at, "
                              "(select count(*) from manifests where repository_id = repositories.id), "
                              "(select count(*) from tags where repository_id = repositories.id) "
                              "from repositories where registry_id = ?1 and name = ?2",
                              registry, name);
    if (!rows) return failure(std::move(rows));
    auto found = rows->next();
    if (!found) return failure(std::move(found));
    if (!*found) return repository_unknown(name);
    return RepositoryDetails{.repository = {.row = rows->integer(0), .attributes = {rows->integer(1)}},
                             .created_at = rows->time(2),
                             .updated_at = rows->time(3),
                             .manifest_count = static_cast<std::uint64_t>(rows->integer(4)),
                             .tag_count = static_cast<std::uint64_t>(rows->integer(5))};
}

Result<void> set_repository_attributes(Session& session, std::int64_t registry, std::string_view name, Attributes attributes,
                                       Timestamp now) {
    auto changed = session.execute("update repositories set attributes = ?3, updated_at = ?4 "
                                   "where registry_id = ?1 and name = ?2",
                                   registry, name, attributes.bits, now);
    if (!changed) return failure(std::move(changed));
    if (*changed == 0) return repository_unknown(name);
    return {};
}

} // namespace berth::data_plane
