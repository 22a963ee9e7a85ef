#include "data_plane/list_routes.hpp"

#include "data_plane/catalog.hpp"
#include "data_plane/repository_store.hpp"
#include "data_plane/tag_store.hpp"
#include "gateway/paging.hpp"
#include "gateway/response.hpp"

namespace berth::data_plane {
namespace {

using gateway::Context;
using storage::ReadKind;
using storage::Session;

constexpr std::uint64_t most_per_page = 1'000;

// One more than the page was read: whether there is a next page is known without counting.
void end_page(std::vector<std::string>& names, const gateway::Page& page, std::string_view path, http::Response& out) {
    if (page.limit > 0 && names.size() > page.limit) {
        names.resize(page.limit);
        out.headers.add("Link", gateway::next_link(path, names.back(), page.limit));
    }
}

boost::json::array to_json(const std::vector<std::string>& names) {
    boost::json::array out;
    out.reserve(names.size());
    for (const std::string& name : names) out.emplace_back(name);
    return out;
}

http::Response answer(boost::json::object body, http::Response with_headers) {
    auto out = gateway::json_response(200, body);
    for (const auto& [name, value] : with_headers.headers.fields()) out.headers.add(name, value);
    return out;
}

} // namespace

std::vector<gateway::Route> ListRoutes::routes() {
    using namespace gateway;
    std::vector<Route> out;
    out.push_back({.id = "catalog.list",
                   .method = http::Method::get,
                   .pattern = "/v2/_catalog",
                   .entry = catalog_entry(),
                   .further = catalog_further(),
                   .scope = {},
                   .handler = [this](Context& context) { return catalog(context); },
                   .summary = "Lists repositories"});
    out.push_back(
        {.id = "tag.list",
         .method = http::Method::get,
         .pattern = "/v2/{name...}/tags/list",
         .entry = {.kind = EntryKind::any, .permissions = {&permissions::list_tags, &permissions::metadata_read}, .why = {}},
         .further = {},
         .scope = {},
         .handler = [this](Context& context) { return tags(context); },
         .summary = "Lists the tags of a repository"});
    return out;
}

Task<Result<http::Response>> ListRoutes::catalog(Context& context) {
    const auto page = gateway::parse_page(context.query(), most_per_page, most_per_page);
    if (!page) co_return std::unexpected(page.error());
    auto names = co_await list_catalog(services_, context, *page);
    if (!names) co_return failure(std::move(names));
    http::Response headers;
    end_page(*names, *page, "/v2/_catalog", headers);
    co_return answer({{"repositories", to_json(*names)}}, std::move(headers));
}

Task<Result<http::Response>> ListRoutes::tags(Context& context) {
    const auto page = gateway::parse_page(context.query(), most_per_page, most_per_page);
    if (!page) co_return std::unexpected(page.error());
    const std::string& name = context.repository().value();
    const auto read = [&](Session& session) -> Result<std::vector<std::string>> {
        auto repository = find_repository(session, context.registry().row, name);
        if (!repository) return failure(std::move(repository));
        if (page->limit == 0) return std::vector<std::string>{};
        return list_tags(session, repository->row, page->after, page->limit + 1);
    };
    auto names = co_await services_.database.read(ReadKind::page, read);
    if (!names) co_return failure(std::move(names));
    http::Response headers;
    end_page(*names, *page, "/v2/" + name + "/tags/list", headers);
    co_return answer({{"name", name}, {"tags", to_json(*names)}}, std::move(headers));
}

} // namespace berth::data_plane
