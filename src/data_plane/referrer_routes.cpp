#include "data_plane/referrer_routes.hpp"

#include "base/percent.hpp"
#include "data_plane/answers.hpp"
#include "data_plane/referrer_store.hpp"
#include "data_plane/repository_store.hpp"
#include "gateway/paging.hpp"
#include "gateway/response.hpp"

#include <fmt/format.h>

namespace berth::data_plane {
namespace {

using gateway::Context;
using storage::ReadKind;
using storage::Session;

constexpr std::uint64_t most_per_page = 1'000;
// Clients take a list as they take a manifest: up to 4 MiB with what is around the descriptors.
constexpr std::uint64_t most_page_bytes = 3'900'000;

constexpr std::string_view index_type = "application/vnd.oci.image.index.v1+json";

http::Response answer_of(const HotItem& page, bool filtered) {
    auto out = page_response(index_type, page.content, page.link);
    if (filtered) out.headers.add("OCI-Filters-Applied", "artifactType");
    return out;
}

} // namespace

std::vector<gateway::Route> ReferrerRoutes::routes() {
    using namespace gateway;
    std::vector<Route> out;
    out.push_back({.id = "referrer.list",
                   .method = http::Method::get,
                   .pattern = "/v2/{name...}/referrers/{digest}",
                   .entry = {.kind = EntryKind::all, .permissions = {&permissions::pull}, .why = {}},
                   .further = {},
                   .scope = {},
                   .handler = [this](Context& context) { return list(context); },
                   .summary = "Lists the manifests whose subject is this one"});
    return out;
}

Task<Result<http::Response>> ReferrerRoutes::list(Context& context) {
    const auto subject = Digest::parse(context.parameter("digest"));
    if (!subject) co_return std::unexpected(subject.error());
    const auto page = gateway::parse_page(context.query(), most_per_page, most_per_page);
    if (!page) co_return std::unexpected(page.error());
    std::optional<Digest> after;
    if (!page->after.empty()) {
        auto parsed = Digest::parse(page->after);
        if (!parsed) co_return failure(std::move(parsed));
        after = *parsed;
    }
    auto artifact_type = context.query().find("artifactType");
    if (artifact_type && artifact_type->empty()) artifact_type.reset();

    const std::string& name = context.repository().value();
    const std::int64_t registry = context.registry().row;
    // Who may pull from a repository may see all of them: a page is the same for everybody.
    const std::string which =
        fmt::format("{}/{}/{}/{}", subject->to_string(), page->limit, page->after, artifact_type.value_or(""));
    if (const auto hot = hot_.find(HotContent::Kind::referrers, registry, name, which)) {
        co_return answer_of(*hot, artifact_type.has_value());
    }

    const auto version = services_.database.version();
    const auto read = [&](Session& session) -> Result<ReferrerPage> {
        auto repository = find_repository(session, registry, name);
        if (!repository && repository.error().code == ErrorCode::name_unknown) {
            // A 404 would tell clients that there is no such API and send them to the fallback tag.
            return ReferrerPage{.manifests = "[]", .next_after = std::nullopt};
        }
        if (!repository) return failure(std::move(repository));
        if (auto readable = require_readable(repository->attributes, fmt::format("the repository '{}'", name)); !readable) {
            return failure(std::move(readable));
        }
        return list_referrers(session, repository->row, *subject, artifact_type, after, page->limit, most_page_bytes);
    };
    auto found = co_await services_.database.read(ReadKind::page, read);
    if (!found) co_return failure(std::move(found));

    auto item = std::make_shared<HotItem>();
    item->content = std::make_shared<const std::string>(
        fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":{}}})", index_type, found->manifests));
    if (found->next_after) {
        const std::string filter = artifact_type ? "artifactType=" + percent_encode(*artifact_type) : std::string();
        item->link = gateway::next_link(fmt::format("/v2/{}/referrers/{}", name, subject->to_string()),
                                        found->next_after->to_string(), page->limit, {}, filter);
    }
    hot_.keep(HotContent::Kind::referrers, registry, name, which, version, item);
    co_return answer_of(*item, artifact_type.has_value());
}

} // namespace berth::data_plane
