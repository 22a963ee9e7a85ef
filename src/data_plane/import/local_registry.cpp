#include "data_plane/import/local_registry.hpp"

#include "data_plane/manifest_store.hpp"

namespace berth::data_plane {

Result<SourceManifest> LocalRegistry::manifest(const Reference& reference) {
    auto stored = read_manifest(session_, registry_, repository_.value(), reference, true);
    if (!stored) return failure(std::move(stored));
    return SourceManifest{
        .content = std::move(stored->content), .media_type = std::move(stored->media_type), .digest = stored->digest};
}

Result<std::vector<Digest>> LocalRegistry::referrers(const Digest& subject) {
    auto rows = session_.query("select m.digest from manifests m join repositories r on r.id = m.repository_id "
                               "where r.registry_id = ?1 and r.name = ?2 and m.subject = ?3 and m.attributes & 4 <> 0 "
                               "order by m.digest",
                               registry_, repository_.value(), subject);
    if (!rows) return failure(std::move(rows));
    std::vector<Digest> out;
    for (;;) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return out;
        auto digest = rows->digest(0);
        if (!digest) return failure(std::move(digest));
        out.push_back(*digest);
    }
}

} // namespace berth::data_plane
