#include "data_plane/list_routes.hpp"

#include "data_plane/answers.hpp"
#include "data_plane/catalog.hpp"
#include "data_plane/repository_store.hpp"
#include "data_plane/tag_store.hpp"
#include "gateway/paging.hpp"

#include <fmt/format.h>

#include <span>

namespace berth::data_plane {
namespace {

using gateway::Context;
using storage::ReadKind;
using storage::Session;

constexpr std::uint64_t most_per_page = 1'000;
constexpr std::string_view content_type = "application/json; charset=utf-8";

// One more than the page was read: whether there is a next page is known without counting. Gives the Link field, or nothing.
std::string end_page(std::vector<std::string>& names, const gateway::Page& page, std::string_view path) {
    if (page.limit == 0 || names.size() <= page.limit) return {};
    names.resize(page.limit);
    return gateway::next_link(path, names.back(), page.limit);
}

// Names of repositories and tags have no character that JSON escapes.
void append_array(std::string& out, std::span<const std::string> names) {
    out += '[';
    for (const std::string& name : names) {
        if (out.back() != '[') out += ',';
        out += '"';
        out += name;
        out += '"';
    }
    out += ']';
}

std::size_t room_for(std::span<const std::string> names) noexcept {
    std::size_t out = 512; // what stands around them
    for (const std::string& name : names) out += name.size() + 3;
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
    const std::string link = end_page(*names, *page, "/v2/_catalog");
    std::string body;
    body.reserve(room_for(*names));
    body += R"({"repositories":)";
    append_array(body, *names);
    body += "}\n";
    co_return page_response(content_type, std::move(body), link);
}

Task<Result<http::Response>> ListRoutes::tags(Context& context) {
    const auto page = gateway::parse_page(context.query(), most_per_page, most_per_page);
    if (!page) co_return std::unexpected(page.error());
    const std::string& name = context.repository().value();
    const std::int64_t registry = context.registry().row;
    // Who may see one tag of a repository may see all: a page is the same for everybody.
    const std::string which = fmt::format("{}/{}", page->limit, page->after);
    if (const auto hot = hot_.find(HotContent::Kind::tags, registry, name, which)) {
        co_return page_response(content_type, hot->content, hot->link);
    }

    const auto version = services_.database.version();
    const auto read = [&](Session& session) -> Result<std::vector<std::string>> {
        auto repository = find_repository(session, registry, name);
        if (!repository) return failure(std::move(repository));
        if (page->limit == 0) return std::vector<std::string>{};
        return list_tags(session, repository->row, page->after, page->limit + 1);
    };
    auto names = co_await services_.database.read(ReadKind::page, read);
    if (!names) co_return failure(std::move(names));
    auto item = std::make_shared<HotItem>();
    item->link = end_page(*names, *page, "/v2/" + name + "/tags/list");
    std::string body;
    body.reserve(room_for(*names));
    body += fmt::format(R"({{"name":"{}","tags":)", name);
    append_array(body, *names);
    body += "}\n";
    item->content = std::make_shared<const std::string>(std::move(body));
    hot_.keep(HotContent::Kind::tags, registry, name, which, version, item);
    co_return page_response(content_type, item->content, item->link);
}

} // namespace berth::data_plane
