#include "data_plane/repository_api_routes.hpp"

#include "base/strict_json.hpp"
#include "data_plane/answers.hpp"
#include "data_plane/attribute_json.hpp"
#include "data_plane/catalog.hpp"
#include "data_plane/detail_store.hpp"
#include "data_plane/manifest_store.hpp"
#include "data_plane/repository_deletion.hpp"
#include "data_plane/repository_store.hpp"
#include "data_plane/tag_store.hpp"
#include "gateway/paging.hpp"
#include "gateway/response.hpp"

#include <fmt/format.h>

namespace berth::data_plane {
namespace {

using gateway::Context;
using storage::ReadKind;
using storage::Session;

constexpr std::uint64_t default_page = 100;
constexpr std::uint64_t most_per_page = 1'000;
constexpr std::uint64_t patch_limit = 64 * 1024;

// What every answer of this API begins with.
boost::json::object envelope(const Context& context) {
    return {{"registry", context.registry().login_server}, {"imageName", context.repository().value()}};
}

boost::json::object to_json(const TagDetails& tag) {
    return {{"name", tag.name},
            {"digest", tag.digest.to_string()},
            {"createdTime", to_rfc3339(tag.created_at)},
            {"lastUpdateTime", to_rfc3339(tag.updated_at)},
            {"signed", false},
            {"changeableAttributes", to_json(tag.attributes)}};
}

boost::json::object to_json(const ManifestDetails& manifest) {
    boost::json::object out{{"digest", manifest.digest.to_string()},
                            {"imageSize", manifest.image_size},
                            {"createdTime", to_rfc3339(manifest.created_at)},
                            {"lastUpdateTime", to_rfc3339(manifest.updated_at)}};
    if (manifest.architecture) out["architecture"] = *manifest.architecture;
    if (manifest.operating_system) out["os"] = *manifest.operating_system;
    out["mediaType"] = manifest.media_type;
    if (manifest.config_media_type) out["configMediaType"] = *manifest.config_media_type;
    if (!manifest.tags.empty()) {
        out["tags"] = boost::json::array(manifest.tags.begin(), manifest.tags.end());
    }
    out["changeableAttributes"] = to_json(manifest.attributes);
    return out;
}

boost::json::object to_json(const Context& context, const RepositoryDetails& details) {
    auto out = envelope(context);
    out["createdTime"] = to_rfc3339(details.created_at);
    out["lastUpdateTime"] = to_rfc3339(details.updated_at);
    out["manifestCount"] = details.manifest_count;
    out["tagCount"] = details.tag_count;
    auto attributes = to_json(details.repository.attributes);
    attributes["teleportEnabled"] = false;
    out["changeableAttributes"] = std::move(attributes);
    return out;
}

// The children of an index, as a manifest's own page shows them.
boost::json::array references_of(std::string_view content) {
    boost::json::array out;
    const auto json = parse_json(content);
    const auto* manifests = json ? find_member(*json, "manifests") : nullptr;
    if (manifests == nullptr || !manifests->is_array()) return out;
    for (const auto& child : manifests->get_array()) {
        boost::json::object entry{{"digest", find_string(child, "digest").value_or("")}};
        if (const auto* platform = find_member(child, "platform")) {
            entry["architecture"] = find_string(*platform, "architecture").value_or("");
            entry["os"] = find_string(*platform, "os").value_or("");
        }
        out.push_back(std::move(entry));
    }
    return out;
}

Result<Order> parse_order(const Parameters& query) {
    const std::string_view text = query.find("orderby").value_or("");
    if (text.empty() || text == "none" || text == "name") return Order::name;
    if (text == "timedesc") return Order::time_descending;
    if (text == "timeasc") return Order::time_ascending;
    return failure(ErrorCode::invalid_parameter, "The parameter 'orderby' is 'timedesc', 'timeasc' or 'none'.");
}

ReadKind kind_of(Order order) { return order == Order::name ? ReadKind::page : ReadKind::scan; }

// One more than the page was read: whether there is a next one is known without counting.
template <class Item, class Key>
std::string end_page(std::vector<Item>& items, const gateway::Page& page, const Context& context, Key key) {
    if (page.limit == 0 || items.size() <= page.limit) return {};
    items.erase(items.begin() + static_cast<std::ptrdiff_t>(page.limit), items.end());
    return gateway::next_link(context.request().path, key(items.back()), page.limit,
                              context.query().find("orderby").value_or(""));
}

http::Response page_response(const boost::json::object& body, std::string link) {
    auto response = gateway::json_response(200, body);
    if (!link.empty()) response.headers.add("Link", std::move(link));
    return response;
}

} // namespace

std::vector<gateway::Route> RepositoryApiRoutes::routes() {
    using gateway::Permission;
    using gateway::Route;
    using enum http::Method;
    const auto& read = gateway::permissions::metadata_read;
    const auto& write = gateway::permissions::metadata_write;
    const auto& remove = gateway::permissions::delete_content;
    std::vector<Route> out;
    const auto add = [&](std::string_view id, http::Method method, std::string_view pattern, const Permission& permission,
                         Answer (RepositoryApiRoutes::*handler)(Context&), std::string_view summary) {
        out.push_back({.id = id,
                       .method = method,
                       .pattern = pattern,
                       .entry = {.kind = gateway::EntryKind::all, .permissions = {&permission}, .why = {}},
                       .further = {},
                       .scope = {},
                       .body_limit = method == patch ? patch_limit : 0,
                       .handler = [this, handler](Context& context) { return (this->*handler)(context); },
                       .summary = summary});
    };
    using Self = RepositoryApiRoutes;
    add("acr.catalog", get, "/acr/v1/_catalog", gateway::permissions::catalog, &Self::catalog, "Lists repositories");
    out.back().entry = catalog_entry();
    out.back().further = catalog_further();
    add("acr.repository.get", get, "/acr/v1/{name...}", read, &Self::get_repository, "Shows a repository");
    add("acr.repository.patch", patch, "/acr/v1/{name...}", write, &Self::patch_repository, "Locks a repository");
    add("acr.repository.delete", delete_, "/acr/v1/{name...}", remove, &Self::remove_repository,
        "Deletes a repository with all that is in it");
    add("acr.tag.list", get, "/acr/v1/{name...}/_tags", read, &Self::list_tags, "Lists tags with their attributes");
    add("acr.tag.get", get, "/acr/v1/{name...}/_tags/{tag}", read, &Self::get_tag, "Shows a tag");
    add("acr.tag.patch", patch, "/acr/v1/{name...}/_tags/{tag}", write, &Self::patch_tag, "Locks a tag");
    // VS Code's container tools still use the older paths.
    for (const auto& [id, pattern] : {std::pair{"acr.tag.delete", "/acr/v1/{name...}/_tags/{tag}"},
                                      std::pair{"acr.tag.deleteByOldPath", "/v2/_acr/{name...}/tags/{tag}"}}) {
        add(id, delete_, pattern, remove, &Self::remove_tag, "Deletes a tag; the manifest stays");
        out.back().entry.kind = gateway::EntryKind::any;
        out.back().entry.permissions.push_back(&gateway::permissions::untag);
    }
    add("acr.repository.deleteByOldPath", delete_, "/v2/_acr/{name...}/repository", remove, &Self::remove_repository,
        "Deletes a repository with all that is in it");
    add("acr.manifest.list", get, "/acr/v1/{name...}/_manifests", read, &Self::list_manifests,
        "Lists manifests with their attributes");
    add("acr.manifest.get", get, "/acr/v1/{name...}/_manifests/{digest}", read, &Self::get_manifest, "Shows a manifest");
    add("acr.manifest.patch", patch, "/acr/v1/{name...}/_manifests/{digest}", write, &Self::patch_manifest, "Locks a manifest");
    return out;
}

RepositoryApiRoutes::Answer RepositoryApiRoutes::catalog(Context& context) {
    const auto page = gateway::parse_page(context.query(), default_page, most_per_page);
    if (!page) co_return std::unexpected(page.error());
    auto names = co_await list_catalog(services_, context, *page);
    if (!names) co_return failure(std::move(names));
    auto link = end_page(*names, *page, context, [](const std::string& name) { return name; });
    co_return page_response({{"repositories", boost::json::array(names->begin(), names->end())}}, std::move(link));
}

RepositoryApiRoutes::Answer RepositoryApiRoutes::get_repository(Context& context) {
    const auto read = [&](Session& session) {
        return read_repository_details(session, context.registry().row, context.repository().value());
    };
    auto details = co_await services_.database.read(ReadKind::scan, read);
    if (!details) co_return failure(std::move(details));
    co_return gateway::json_response(200, to_json(context, *details));
}

RepositoryApiRoutes::Answer RepositoryApiRoutes::patch_repository(Context& context) {
    const auto body = co_await context.json_body();
    if (!body) co_return std::unexpected(body.error());
    const std::string& name = context.repository().value();
    const auto event = context.event("repository.update", {{"repository", name}, {"attributes", *body}});
    const auto write = [&](Session& session) -> Result<RepositoryDetails> {
        auto repository = find_repository(session, context.registry().row, name);
        if (!repository) return failure(std::move(repository));
        auto attributes = apply_patch(repository->attributes, *body);
        if (!attributes) return failure(std::move(attributes));
        auto set = set_repository_attributes(session, context.registry().row, name, *attributes, context.now());
        if (!set) return failure(std::move(set));
        if (auto noted = storage::append_event(session, context.now(), event); !noted) return failure(std::move(noted));
        return read_repository_details(session, context.registry().row, name);
    };
    auto details = co_await services_.database.write(write);
    if (!details) co_return failure(std::move(details));
    co_return gateway::json_response(200, to_json(context, *details));
}

RepositoryApiRoutes::Answer RepositoryApiRoutes::remove_repository(Context& context) {
    const std::string& name = context.repository().value();
    const auto event = context.event("repository.delete", {{"repository", name}});
    const auto write = [&](Session& session) -> Result<DeletedManifests> {
        auto deleted = delete_repository(session, context.registry().row, name, context.now());
        if (!deleted) return deleted;
        if (auto noted = storage::append_event(session, context.now(), event); !noted) return failure(std::move(noted));
        return deleted;
    };
    auto deleted = co_await services_.database.write(write);
    if (!deleted) co_return failure(std::move(deleted));
    boost::json::array manifests;
    for (const Digest& digest : deleted->manifests) manifests.emplace_back(digest.to_string());
    boost::json::value tags = nullptr;
    if (!deleted->tags.empty()) tags = boost::json::array(deleted->tags.begin(), deleted->tags.end());
    co_return gateway::json_response(
        202, boost::json::object{{"manifestsDeleted", std::move(manifests)}, {"tagsDeleted", std::move(tags)}});
}

RepositoryApiRoutes::Answer RepositoryApiRoutes::list_tags(Context& context) {
    const auto page = gateway::parse_page(context.query(), default_page, most_per_page);
    if (!page) co_return std::unexpected(page.error());
    const auto order = parse_order(context.query());
    if (!order) co_return std::unexpected(order.error());
    std::optional<Digest> digest;
    if (const auto text = context.query().find("digest"); text && !text->empty()) {
        auto parsed = Digest::parse(*text);
        if (!parsed) co_return failure(std::move(parsed));
        digest = *parsed;
    }
    const auto read = [&](Session& session) -> Result<std::vector<TagDetails>> {
        auto repository = find_repository(session, context.registry().row, context.repository().value());
        if (!repository) return failure(std::move(repository));
        if (page->limit == 0) return std::vector<TagDetails>{};
        return list_tag_details(session, repository->row, *order, page->after, digest, page->limit + 1);
    };
    auto tags = co_await services_.database.read(kind_of(*order), read);
    if (!tags) co_return failure(std::move(tags));
    auto link = end_page(*tags, *page, context, [](const TagDetails& tag) { return tag.name; });
    boost::json::array list;
    for (const TagDetails& tag : *tags) list.push_back(to_json(tag));
    auto body = envelope(context);
    body["tags"] = std::move(list);
    co_return page_response(body, std::move(link));
}

RepositoryApiRoutes::Answer RepositoryApiRoutes::get_tag(Context& context) {
    const auto tag = Tag::parse(context.parameter("tag"));
    if (!tag) co_return std::unexpected(tag.error());
    const auto read = [&](Session& session) -> Result<TagDetails> {
        auto repository = find_repository(session, context.registry().row, context.repository().value());
        if (!repository) return failure(std::move(repository));
        return read_tag_details(session, repository->row, *tag);
    };
    auto details = co_await services_.database.read(ReadKind::point, read);
    if (!details) co_return failure(std::move(details));
    auto body = envelope(context);
    body["tag"] = to_json(*details);
    co_return gateway::json_response(200, body);
}

RepositoryApiRoutes::Answer RepositoryApiRoutes::patch_tag(Context& context) {
    const auto tag = Tag::parse(context.parameter("tag"));
    if (!tag) co_return std::unexpected(tag.error());
    const auto patch = co_await context.json_body();
    if (!patch) co_return std::unexpected(patch.error());
    const std::string& name = context.repository().value();
    const auto event = context.event("tag.update", {{"repository", name}, {"tag", tag->value()}, {"attributes", *patch}});
    const auto write = [&](Session& session) -> Result<TagDetails> {
        auto repository = find_repository(session, context.registry().row, name);
        if (!repository) return failure(std::move(repository));
        auto details = read_tag_details(session, repository->row, *tag);
        if (!details) return details;
        auto attributes = apply_patch(details->attributes, *patch);
        if (!attributes) return failure(std::move(attributes));
        auto set = set_tag_attributes(session, repository->row, *tag, *attributes, context.now());
        if (!set) return failure(std::move(set));
        if (auto noted = storage::append_event(session, context.now(), event); !noted) return failure(std::move(noted));
        return read_tag_details(session, repository->row, *tag);
    };
    auto details = co_await services_.database.write(write);
    if (!details) co_return failure(std::move(details));
    auto body = envelope(context);
    body["tag"] = to_json(*details);
    co_return gateway::json_response(200, body);
}

RepositoryApiRoutes::Answer RepositoryApiRoutes::remove_tag(Context& context) {
    const auto tag = Tag::parse(context.parameter("tag"));
    if (!tag) co_return std::unexpected(tag.error());
    const std::string& name = context.repository().value();
    const auto event = context.event("tag.delete", {{"repository", name}, {"tag", tag->value()}});
    const auto write = [&](Session& session) -> Result<Digest> {
        auto repository = find_repository(session, context.registry().row, name);
        if (!repository) return failure(std::move(repository));
        auto writable = require_writable(repository->attributes, fmt::format("the repository '{}'", name));
        if (!writable) return failure(std::move(writable));
        // The words of this API for a missing tag.
        if (auto details = read_tag_details(session, repository->row, *tag); !details) return failure(std::move(details));
        auto digest = delete_tag(session, repository->row, *tag, context.now());
        if (!digest) return digest;
        auto touched = touch_repository(session, repository->row, context.now());
        if (!touched) return failure(std::move(touched));
        auto complete = event;
        complete.detail["digest"] = digest->to_string();
        auto noted = storage::append_event(session, context.now(), complete);
        if (!noted) return failure(std::move(noted));
        return digest;
    };
    auto digest = co_await services_.database.write(write);
    if (!digest) co_return failure(std::move(digest));
    auto response = accepted();
    response.headers.add("X-Ms-Int-Docker-Content-Digest", digest->to_string());
    co_return response;
}

RepositoryApiRoutes::Answer RepositoryApiRoutes::list_manifests(Context& context) {
    const auto page = gateway::parse_page(context.query(), default_page, most_per_page);
    if (!page) co_return std::unexpected(page.error());
    const auto order = parse_order(context.query());
    if (!order) co_return std::unexpected(order.error());
    std::optional<Digest> after;
    if (!page->after.empty()) {
        auto parsed = Digest::parse(page->after);
        if (!parsed) co_return failure(std::move(parsed));
        after = *parsed;
    }
    const auto read = [&](Session& session) -> Result<std::vector<ManifestDetails>> {
        auto repository = find_repository(session, context.registry().row, context.repository().value());
        if (!repository) return failure(std::move(repository));
        if (page->limit == 0) return std::vector<ManifestDetails>{};
        return list_manifest_details(session, repository->row, *order, after, page->limit + 1);
    };
    auto manifests = co_await services_.database.read(kind_of(*order), read);
    if (!manifests) co_return failure(std::move(manifests));
    auto link =
        end_page(*manifests, *page, context, [](const ManifestDetails& manifest) { return manifest.digest.to_string(); });
    boost::json::array list;
    for (const ManifestDetails& manifest : *manifests) list.push_back(to_json(manifest));
    auto body = envelope(context);
    body["manifests"] = std::move(list);
    co_return page_response(body, std::move(link));
}

RepositoryApiRoutes::Answer RepositoryApiRoutes::get_manifest(Context& context) {
    const auto digest = Digest::parse(context.parameter("digest"));
    if (!digest) co_return std::unexpected(digest.error());
    struct Shown {
        ManifestDetails details;
        std::string content;
    };
    const auto read = [&](Session& session) -> Result<Shown> {
        auto repository = find_repository(session, context.registry().row, context.repository().value());
        if (!repository) return failure(std::move(repository));
        auto details = read_manifest_details(session, repository->row, *digest);
        if (!details) return failure(std::move(details));
        auto stored = read_manifest(session, context.registry().row, context.repository().value(), *digest, true);
        // Locked against reading: its attributes show all the same, so that it can be unlocked.
        return Shown{std::move(*details), stored ? std::move(stored->content) : std::string()};
    };
    auto shown = co_await services_.database.read(ReadKind::page, read);
    if (!shown) co_return failure(std::move(shown));
    auto manifest = to_json(shown->details);
    auto references = references_of(shown->content);
    if (!references.empty()) manifest["references"] = std::move(references);
    auto body = envelope(context);
    body["manifest"] = std::move(manifest);
    co_return gateway::json_response(200, body);
}

RepositoryApiRoutes::Answer RepositoryApiRoutes::patch_manifest(Context& context) {
    const auto digest = Digest::parse(context.parameter("digest"));
    if (!digest) co_return std::unexpected(digest.error());
    const auto patch = co_await context.json_body();
    if (!patch) co_return std::unexpected(patch.error());
    const std::string& name = context.repository().value();
    const auto event =
        context.event("manifest.update", {{"repository", name}, {"digest", digest->to_string()}, {"attributes", *patch}});
    const auto write = [&](Session& session) -> Result<ManifestDetails> {
        auto repository = find_repository(session, context.registry().row, name);
        if (!repository) return failure(std::move(repository));
        auto details = read_manifest_details(session, repository->row, *digest);
        if (!details) return details;
        auto attributes = apply_patch(details->attributes, *patch);
        if (!attributes) return failure(std::move(attributes));
        auto set = set_manifest_attributes(session, repository->row, *digest, *attributes, context.now());
        if (!set) return failure(std::move(set));
        if (auto noted = storage::append_event(session, context.now(), event); !noted) return failure(std::move(noted));
        return read_manifest_details(session, repository->row, *digest);
    };
    auto details = co_await services_.database.write(write);
    if (!details) co_return failure(std::move(details));
    auto body = envelope(context);
    body["manifest"] = to_json(*details);
    co_return gateway::json_response(200, body);
}

} // namespace berth::data_plane
