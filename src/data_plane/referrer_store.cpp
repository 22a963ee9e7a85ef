#include "data_plane/referrer_store.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace berth::data_plane {

using storage::Rows;
using storage::Session;

namespace {

void append_quoted(std::string& out, std::string_view text) {
    const bool plain = std::ranges::none_of(text, [](char c) { return c == '"' || c == '\\' || (c >= 0 && c < 0x20); });
    if (plain) {
        ((out += '"') += text) += '"';
    } else {
        out += boost::json::serialize(boost::json::string(text));
    }
}

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

void append_descriptor(std::string& out, const Rows& rows, const Digest& digest) {
    out += R"({"mediaType":)";
    append_quoted(out, rows.text(1));
    fmt::format_to(std::back_inserter(out), R"(,"digest":"{}","size":{})", digest.to_string(), rows.integer(2));
    if (!rows.is_null(3)) {
        out += R"(,"artifactType":)";
        append_quoted(out, rows.text(3));
    }
    if (!rows.is_null(4)) (out += R"(,"annotations":)") += rows.text(4);
    out += '}';
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
        if (count == limit) {
            page.next_after = last;
            break;
        }
        auto digest = rows->digest(0);
        if (!digest) return failure(std::move(digest));
        const std::size_t before = page.manifests.size();
        if (last) page.manifests += ',';
        append_descriptor(page.manifests, *rows, *digest);
        if (last && page.manifests.size() >= most_bytes) { // with the bracket that ends the list
            page.manifests.resize(before);
            page.next_after = last;
            break;
        }
        last = *digest;
    }
    page.manifests += ']';
    return page;
}

} // namespace berth::data_plane
