#include "data_plane/collection/collection_state.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace berth::data_plane {

using storage::Session;

Result<void> save_policy(Session& session, const CollectionPolicy& policy) {
    std::optional<std::int64_t> untagged;
    if (policy.untagged_after) untagged = policy.untagged_after->count();
    auto done = session.execute("insert into collection_state(id, grace_seconds, unlisted_blobs, untagged_seconds) "
                                "values (1, ?1, ?2, ?3) on conflict (id) do update set grace_seconds = excluded.grace_seconds, "
                                "unlisted_blobs = excluded.unlisted_blobs, untagged_seconds = excluded.untagged_seconds",
                                policy.grace.count(), policy.unlisted_blobs, untagged);
    if (!done) return failure(std::move(done));
    return {};
}

Result<std::optional<CollectionPolicy>> load_policy(Session& session) {
    auto rows = session.query("select grace_seconds, unlisted_blobs, untagged_seconds from collection_state where id = 1");
    if (!rows) return failure(std::move(rows));
    auto found = rows->next();
    if (!found) return failure(std::move(found));
    if (!*found) return std::nullopt;
    CollectionPolicy out;
    out.grace = std::chrono::seconds(rows->integer(0));
    out.unlisted_blobs = rows->boolean(1);
    if (!rows->is_null(2)) out.untagged_after = std::chrono::seconds(rows->integer(2));
    return out;
}

Result<void> save_asked_run(Session& session, const AskedRun& run) {
    const std::string text = boost::json::serialize(boost::json::object{{"links", run.swept.links},
                                                                        {"blobs", run.swept.blobs},
                                                                        {"objects", run.swept.objects},
                                                                        {"uploads", run.swept.uploads},
                                                                        {"manifests", run.swept.manifests},
                                                                        {"failure", run.failure}});
    auto done =
        session.execute("update collection_state set asked_run_ended_at = ?1, asked_run = ?2 where id = 1", run.ended_at, text);
    if (!done) return failure(std::move(done));
    return {};
}

Result<std::optional<AskedRun>> load_asked_run(Session& session) {
    auto rows =
        session.query("select asked_run_ended_at, asked_run from collection_state where id = 1 and asked_run is not null");
    if (!rows) return failure(std::move(rows));
    auto found = rows->next();
    if (!found) return failure(std::move(found));
    if (!*found) return std::nullopt;
    boost::system::error_code error;
    const auto text = boost::json::parse(rows->text(1), error);
    const auto* said = text.if_object();
    const auto number = [&](std::string_view name) -> std::uint64_t {
        const auto* value = said != nullptr ? said->if_contains(name) : nullptr;
        return value != nullptr && value->is_int64() ? static_cast<std::uint64_t>(value->get_int64()) : 0;
    };
    AskedRun out{.ended_at = rows->time(0), .swept = {}, .failure = {}};
    out.swept.links = number("links");
    out.swept.blobs = number("blobs");
    out.swept.objects = number("objects");
    out.swept.uploads = number("uploads");
    out.swept.manifests = number("manifests");
    if (const auto* why = said != nullptr ? said->if_contains("failure") : nullptr; why != nullptr && why->is_string()) {
        out.failure = std::string(why->get_string());
    }
    return out;
}

} // namespace berth::data_plane
