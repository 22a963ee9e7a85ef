#include "data_plane/referrer_store.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include <fmt/format.h>

namespace berth::data_plane {

using storage::Rows;
using storage::Session;

namespace {

std::string quoted(std::string_view text) { return boost::json::serialize(boost::json::string(text)); }

Result<Rows> query_referrers(Session& session, std::int64_t repository, const Digest& subject,
                             std::optional<std::string_view> artifact_type, const std::optional<Digest>& after,
                             std::uint64_t limit) {
    // No digest begins with a byte of 0, so this is before all of them.
    static constexpr std::byte before_all{0};
    const std::span<const std::byte> behind = after ? after->stored() : std::span(&before_all, 1);
    if (artifact_type) {
        return session.query("select digest, media_type, length(content), artifact_type, annotations from manifests "
                             "where repository_id = ?1 and subject = ?2 and digest > ?3 and attributes & 8 <> 0 and "
                             "artifact_type = ?5 order by digest limit ?4",
                             repository, subject, behind, limit, *artifact_type);
    }
    return session.query("select digest, media_type, length(content), artifact_type, annotations from manifests "
                         "where repository_id = ?1 and subject = ?2 and digest > ?3 and attributes & 8 <> 0 "
                         "order by digest limit ?4",
                         repository, subject, behind, limit);
}

std::string descriptor_of(const Rows& rows, const Digest& digest) {
    std::string out =
        fmt::format(R"({{"mediaType":{},"digest":"{}","size":{})", quoted(rows.text(1)), digest.to_string(), rows.integer(2));
    if (!rows.is_null(3)) out += fmt::format(R"(,"artifactType":{})", quoted(rows.text(3)));
    if (!rows.is_null(4)) out += fmt::format(R"(,"annotations":{})", rows.text(4));
    out += '}';
    return out;
}

} // namespace

Result<ReferrerPage> list_referrers(Session& session, std::int64_t repository, const Digest& subject,
                                    std::optional<std::string_view> artifact_type, const std::optional<Digest>& after,
                                    std::uint64_t limit, std::uint64_t most_bytes) {
    auto rows = query_referrers(session, repository, subject, artifact_type, after, limit + 1);
    if (!rows) return failure(std::move(rows));
    ReferrerPage page{.manifests = "[", .next_after = std::nullopt};
    std::optional<Digest> last;
    for (std::uint64_t count = 0;; ++count) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) break;
        auto digest = rows->digest(0);
        if (!digest) return failure(std::move(digest));
        std::string descriptor = count < limit ? descriptor_of(*rows, *digest) : std::string();
        if (count == limit || (last && page.manifests.size() + descriptor.size() + 2 > most_bytes)) {
            page.next_after = last;
            break;
        }
        if (last) page.manifests += ',';
        page.manifests += descriptor;
        last = *digest;
    }
    page.manifests += ']';
    return page;
}

} // namespace berth::data_plane
