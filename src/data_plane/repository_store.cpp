#include "data_plane/repository_store.hpp"

#include <fmt/format.h>

#include <algorithm>

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

namespace {

// One name, or all that begin so.
struct NameRange {
    std::string_view beginning;
    bool is_prefix = false;

    bool contains(std::string_view name) const noexcept { return is_prefix ? name.starts_with(beginning) : name == beginning; }
    bool lies_before(std::string_view after) const noexcept {
        return beginning <= after && !(is_prefix && after.starts_with(beginning));
    }
};

// In the order of their names, so that what is read range by range is in order too.
std::vector<NameRange> ranges_of(const rbac::NameSelection& where) {
    std::vector<NameRange> out;
    if (where.all) out.push_back({.beginning = {}, .is_prefix = true});
    for (const std::string& name : where.names) out.push_back({.beginning = name});
    for (const std::string& prefix : where.prefixes) out.push_back({.beginning = prefix, .is_prefix = true});
    std::ranges::sort(out, {}, &NameRange::beginning);
    return out;
}

constexpr std::uint64_t fewest_per_query = 32;

// Adds what is shown of one range behind `after`.
Result<void> list_range(Session& session, std::int64_t registry, const NameRange& range,
                        const std::function<bool(std::string_view)>& shows, std::string_view after, std::uint64_t limit,
                        std::vector<std::string>& out) {
    const bool begins_behind = after >= range.beginning && !(after.empty() && range.beginning.empty());
    bool inclusive = !begins_behind;
    std::string last(begins_behind ? after : range.beginning);
    for (;;) {
        const std::string from = last;
        const std::uint64_t at_once = range.is_prefix ? std::max(limit - out.size(), fewest_per_query) : 1;
        auto rows = inclusive ? session.query("select name from repositories where registry_id = ?1 and name >= ?2 and "
                                              "attributes & 8 <> 0 order by name limit ?3",
                                              registry, from, at_once)
                              : session.query("select name from repositories where registry_id = ?1 and name > ?2 and "
                                              "attributes & 8 <> 0 order by name limit ?3",
                                              registry, from, at_once);
        if (!rows) return failure(std::move(rows));
        inclusive = false;
        std::uint64_t read = 0;
        for (;;) {
            auto more = rows->next();
            if (!more) return failure(std::move(more));
            if (!*more) break;
            ++read;
            const std::string_view name = rows->text(0);
            if (!range.contains(name)) return {};
            last = name;
            if (shows && !shows(last)) continue;
            out.push_back(last);
            if (out.size() == limit) return {};
        }
        if (read < at_once || !range.is_prefix) return {};
    }
}

} // namespace

Result<std::vector<std::string>> list_repositories(Session& session, std::int64_t registry, const RepositoryFilter& filter,
                                                   std::string_view after, std::uint64_t limit) {
    std::vector<std::string> out;
    for (const NameRange& range : ranges_of(filter.where)) {
        if (out.size() >= limit) break;
        // The empty prefix holds every name; nothing else lies before an empty `after`.
        if (!after.empty() && range.lies_before(after)) continue;
        // Ranges may overlap: what one has shown, the next begins behind.
        const std::string begin = !out.empty() && out.back() > after ? out.back() : std::string(after);
        auto listed = list_range(session, registry, range, filter.shows, begin, limit, out);
        if (!listed) return failure(std::move(listed));
    }
    return out;
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
