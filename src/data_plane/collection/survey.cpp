#include "data_plane/collection/survey.hpp"

#include "data_plane/collection/garbage_store.hpp"
#include "data_plane/collection/untagged_store.hpp"

#include <limits>
#include <unordered_map>

namespace berth::data_plane {
namespace {

using storage::Session;

class Survey {
public:
    Survey(Session& session, const CollectionPolicy& policy, Timestamp now, std::size_t most)
        : session_(session), policy_(policy), now_(now), most_(most) {}

    Result<GarbageSurvey> run() {
        if (auto done = look_at_manifests(); !done) return failure(std::move(done));
        const Timestamp before = now_ - policy_.grace;
        if (auto done = look_at_candidates(GarbageReason::unreferenced, before); !done) return failure(std::move(done));
        if (policy_.unlisted_blobs) {
            if (auto done = look_at_candidates(GarbageReason::unlisted, before); !done) return failure(std::move(done));
        }
        if (auto done = look_at_objects(); !done) return failure(std::move(done));
        auto held = is_collection_held(session_, now_);
        if (!held) return failure(std::move(held));
        out_.held = *held;
        auto waiting = count("select count(*) from garbage_candidates where queued_at >= ?1", before);
        if (!waiting) return failure(std::move(waiting));
        out_.waiting = *waiting;
        return std::move(out_);
    }

private:
    template <class... Arguments>
    Result<std::uint64_t> count(std::string_view sql, const Arguments&... arguments) {
        auto rows = session_.query(sql, arguments...);
        if (!rows) return failure(std::move(rows));
        auto found = rows->next();
        if (!found) return failure(std::move(found));
        return static_cast<std::uint64_t>(rows->integer(0));
    }

    void add(GarbageFinding finding) {
        if (out_.findings.size() < most_) out_.findings.push_back(std::move(finding));
    }

    Result<void> look_at_manifests() {
        auto all = count("select count(*) from untagged_manifests u where not exists "
                         "(select 1 from tags t where t.repository_id = u.repository_id and t.digest = u.digest)");
        if (!all) return failure(std::move(all));
        out_.untagged = *all;
        if (!policy_.untagged_after) return {};
        auto manifests = list_untagged(session_, now_ - *policy_.untagged_after, std::numeric_limits<std::int64_t>::max());
        if (!manifests) return failure(std::move(manifests));
        for (const UntaggedManifest& manifest : *manifests) {
            auto fate = fate_of(session_, manifest);
            if (!fate) return failure(std::move(fate));
            if (*fate != UntaggedFate::goes) continue;
            ++out_.would.manifests;
            if (out_.untagged > 0) --out_.untagged;
            GarbageFinding finding{.what = "manifest",
                                   .registry = {},
                                   .repository = {},
                                   .name = manifest.digest.to_string(),
                                   .bytes = 0,
                                   .since = manifest.since,
                                   .why = "no tag names it, for longer than the policy keeps such"};
            if (auto placed = place(finding, manifest.repository); !placed) return placed;
            add(std::move(finding));
        }
        return {};
    }

    Result<void> place(GarbageFinding& finding, std::int64_t repository) {
        auto rows = session_.query("select g.name, r.name from repositories r join resources g on g.id = r.registry_id "
                                   "where r.id = ?1",
                                   repository);
        if (!rows) return failure(std::move(rows));
        auto found = rows->next();
        if (!found) return failure(std::move(found));
        if (*found) {
            finding.registry = rows->text(0);
            finding.repository = rows->text(1);
        }
        return {};
    }

    Result<void> look_at_candidates(GarbageReason reason, Timestamp before) {
        const std::string_view why = reason == GarbageReason::unlisted
                                         ? "it was pushed or mounted, and no manifest of the repository has listed it since"
                                         : "what listed it, or the link to it, was deleted";
        auto rows = session_.query(
            "select c.digest, c.repository_id, c.queued_at, b.size, "
            "exists (select 1 from repository_blobs l where l.repository_id = c.repository_id and l.digest = c.digest and "
            "l.created_at < ?2) and not exists (select 1 from manifest_references m where m.repository_id = c.repository_id "
            "and "
            "m.digest = c.digest), "
            "(select count(*) from repository_blobs l where l.digest = c.digest), "
            "exists (select 1 from import_blobs i where i.digest = c.digest) "
            "from garbage_candidates c join blobs b on b.digest = c.digest where c.reason = ?1 and c.queued_at < ?2",
            to_string(reason), before);
        if (!rows) return failure(std::move(rows));
        for (;;) {
            auto more = rows->next();
            if (!more) return failure(std::move(more));
            if (!*more) return {};
            auto digest = rows->digest(0);
            if (!digest) return failure(std::move(digest));
            GarbageFinding finding{.what = "link",
                                   .registry = {},
                                   .repository = {},
                                   .name = digest->to_string(),
                                   .bytes = static_cast<std::uint64_t>(rows->integer(3)),
                                   .since = rows->time(2),
                                   .why = std::string(why)};
            std::int64_t& links = links_.try_emplace(*digest, rows->integer(5)).first->second;
            if (rows->boolean(4)) {
                --links;
                ++out_.would.links;
                if (auto placed = place(finding, rows->integer(1)); !placed) return placed;
                add(finding);
            }
            if (links > 0 || rows->boolean(6)) continue;
            links = std::numeric_limits<std::int64_t>::max(); // goes once
            ++out_.would.blobs;
            out_.bytes += finding.bytes;
            finding.what = "blob";
            finding.registry.clear();
            finding.repository.clear();
            finding.why = "no repository links it then";
            add(std::move(finding));
        }
    }

    Result<void> look_at_objects() {
        const Timestamp before = now_ - std::max<std::chrono::seconds>(policy_.grace, least_rest_of_objects);
        auto rows = session_.query("select storage_key, created_at from pending_objects where created_at < ?1", before);
        if (!rows) return failure(std::move(rows));
        for (;;) {
            auto more = rows->next();
            if (!more) return failure(std::move(more));
            if (!*more) return {};
            ++out_.would.objects;
            const bool given_up = rows->integer(1) == 0;
            add({.what = "object",
                 .registry = {},
                 .repository = {},
                 .name = std::string(rows->text(0)),
                 .bytes = 0,
                 .since = rows->time(1),
                 .why = given_up ? "its blob is gone" : "it was being written when a push came to no end"});
        }
    }

    Session& session_;
    const CollectionPolicy& policy_;
    Timestamp now_;
    std::size_t most_;
    GarbageSurvey out_;
    std::unordered_map<Digest, std::int64_t> links_; // that would be left
};

} // namespace

Result<GarbageSurvey> survey_garbage(Session& session, const CollectionPolicy& policy, Timestamp now,
                                     std::size_t most_findings) {
    return Survey(session, policy, now, most_findings).run();
}

} // namespace berth::data_plane
