#include "data_plane/manifest_routes.hpp"

#include "base/encoding.hpp"
#include "data_plane/answers.hpp"
#include "data_plane/blob_content.hpp"
#include "data_plane/blob_rows.hpp"
#include "data_plane/collection/untagged_store.hpp"
#include "data_plane/manifest_deletion.hpp"
#include "data_plane/manifest_store.hpp"
#include "data_plane/precondition.hpp"
#include "data_plane/repository_store.hpp"
#include "data_plane/tag_store.hpp"
#include "gateway/response.hpp"

#include <fmt/format.h>

namespace berth::data_plane {
namespace {

using gateway::Context;
using gateway::EntryKind;
using storage::ReadKind;
using storage::Session;

// Above this, parsing and hashing would hold up an event loop: a worker does it.
constexpr std::size_t most_bytes_in_place = 64 * 1024;
// Configs are small; what is larger is not looked into.
constexpr std::uint64_t most_config_bytes = 1024 * 1024;
constexpr std::size_t most_tags_per_push = 128;
// What was renewed so lately keeps nearly all of its time: not worth a write.
constexpr std::chrono::minutes renewal_is_fresh{1};

Result<std::vector<Tag>> tags_to_push(const Reference& reference, const Parameters& query) {
    std::vector<Tag> out;
    const auto named = query.all("tag");
    if (const auto* tag = std::get_if<Tag>(&reference)) {
        if (!named.empty()) {
            return failure(ErrorCode::invalid_parameter,
                           "The parameter 'tag' goes with a push by digest, not with one by tag.");
        }
        out.push_back(*tag);
        return out;
    }
    if (named.size() > most_tags_per_push) {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("At most {} tags can be set by one push.", most_tags_per_push));
    }
    for (const std::string_view text : named) {
        auto tag = Tag::parse(text);
        if (!tag) return failure(std::move(tag));
        if (std::ranges::find(out, *tag) == out.end()) out.push_back(std::move(*tag));
    }
    return out;
}

struct Prepared {
    ManifestDocument document;
    Digest digest;
};

Result<Prepared> prepare(std::optional<std::string_view> content_type, std::string_view body, const Reference& reference) {
    auto document = parse_manifest(content_type, body);
    if (!document) return failure(std::move(document));
    const auto* expected = std::get_if<Digest>(&reference);
    const Digest digest = Digest::of(as_bytes(body), expected ? expected->algorithm() : DigestAlgorithm::sha256);
    if (expected && digest != *expected) {
        return failure(ErrorCode::digest_invalid, fmt::format("The manifest that was sent has the digest {}, not {}.",
                                                              digest.to_string(), expected->to_string()));
    }
    return Prepared{.document = std::move(*document), .digest = digest};
}

http::Response manifest_response(const http::Request& request, const HotItem& manifest) {
    if (is_not_modified(request.headers, manifest.entity_tag)) {
        return not_modified(manifest.digest, manifest.entity_tag);
    }
    http::Response response;
    response.headers.reserve(12);
    response.headers.add("Content-Type", manifest.media_type);
    response.headers.add("Docker-Content-Digest", manifest.digest);
    response.headers.add("ETag", manifest.entity_tag);
    if (request.method == http::Method::head) {
        response.headers.add("Content-Length", std::to_string(manifest.size));
    } else {
        response.body = manifest.content;
    }
    return response;
}

boost::json::array names_of(const std::vector<Tag>& tags) {
    boost::json::array out;
    for (const Tag& tag : tags) out.emplace_back(tag.value());
    return out;
}

} // namespace

std::vector<gateway::Route> ManifestRoutes::routes() {
    using namespace gateway;
    std::vector<Route> out;
    out.push_back({.id = "manifest.get",
                   .method = http::Method::get,
                   .pattern = "/v2/{name...}/manifests/{reference}",
                   .entry = {.kind = EntryKind::all, .permissions = {&permissions::pull}, .why = {}},
                   .further = {},
                   .scope = {},
                   .handler = [this](Context& context) { return get(context); },
                   .summary = "Pulls a manifest by tag or digest"});
    out.push_back({.id = "manifest.put",
                   .method = http::Method::put,
                   .pattern = "/v2/{name...}/manifests/{reference}",
                   .entry = {.kind = EntryKind::all, .permissions = {&permissions::push}, .why = {}},
                   .further = {},
                   .scope = {},
                   .body_limit = most_manifest_bytes,
                   .handler = [this](Context& context) { return put(context); },
                   .summary = "Pushes a manifest and sets tags"});
    out.push_back({.id = "manifest.delete",
                   .method = http::Method::delete_,
                   .pattern = "/v2/{name...}/manifests/{reference}",
                   .entry = {.kind = EntryKind::all, .permissions = {&permissions::delete_content}, .why = {}},
                   .further = {},
                   .scope = {},
                   .handler = [this](Context& context) { return remove(context); },
                   .summary = "Deletes a tag, or a manifest with its tags and referrers"});
    return out;
}

Task<Result<http::Response>> ManifestRoutes::get(Context& context) {
    const std::int64_t registry = context.registry().row;
    const std::string& repository = context.repository().value();
    const std::string_view wanted = context.parameter("reference");
    const bool is_head = context.request().method == http::Method::head;
    // Who asks for a digest may be about to push an index that lists it: see `keep`. What a tag names waits for nothing.
    const bool keeps = is_head && wanted.contains(':');
    if (!keeps) {
        if (const auto hot = hot_.find(HotContent::Kind::manifest, registry, repository, wanted)) {
            co_return manifest_response(context.request(), *hot);
        }
    }

    const auto version = services_.database.version();
    const auto reference = parse_reference(wanted);
    if (!reference) co_return std::unexpected(reference.error());
    bool waits = false;
    const auto read = [&](Session& session) -> Result<StoredManifest> {
        auto found = read_manifest(session, registry, repository, *reference, !is_head);
        if (!found || !keeps) return found;
        auto renewable = is_renewable(session, registry, repository, found->digest, context.now() - renewal_is_fresh);
        if (!renewable) return failure(std::move(renewable));
        waits = *renewable;
        return found;
    };
    auto manifest = co_await services_.database.read(ReadKind::point, read);
    if (manifest && waits) {
        const Digest digest = manifest->digest;
        auto kept = co_await keep(context, digest, *manifest);
        manifest = std::move(kept);
    }
    if (!manifest) co_return failure(std::move(manifest));

    auto item = std::make_shared<HotItem>();
    item->digest = manifest->digest.to_string();
    item->entity_tag = entity_tag(manifest->digest);
    item->media_type = std::move(manifest->media_type);
    item->size = manifest->size;
    if (!is_head) {
        item->content = std::make_shared<const std::string>(std::move(manifest->content));
        hot_.keep(HotContent::Kind::manifest, registry, repository, wanted, version, item);
    }
    co_return manifest_response(context.request(), *item);
}

// As BlobRoutes::keep does for blobs: clients that find a manifest there do not send it again before they push an index.
Task<Result<StoredManifest>> ManifestRoutes::keep(Context& context, const Digest& digest, const StoredManifest& manifest) {
    const std::int64_t registry = context.registry().row;
    const std::string& name = context.repository().value();
    const Timestamp now = context.now();
    const Reference reference = digest;
    const auto renew = [&](Session& session) -> Result<StoredManifest> {
        if (auto done = renew_untagged(session, registry, name, digest, now); !done) return failure(std::move(done));
        return read_manifest(session, registry, name, reference, false);
    };
    auto renewed = co_await services_.database.write(renew);
    // It is there whether or not that can be noted: on a full disk nobody pushes.
    if (!renewed && (renewed.error().code == ErrorCode::storage_full || renewed.error().code == ErrorCode::storage_read_only)) {
        co_return manifest;
    }
    co_return renewed;
}

Task<Result<http::Response>> ManifestRoutes::put(Context& context) {
    const auto reference = parse_reference(context.parameter("reference"));
    if (!reference) co_return std::unexpected(reference.error());
    const auto tags = tags_to_push(*reference, context.query());
    if (!tags) co_return std::unexpected(tags.error());
    const auto body = co_await context.body();
    if (!body) co_return std::unexpected(body.error());

    const auto content_type = context.request().headers.find("Content-Type");
    const auto work = [&] { return prepare(content_type, *body, *reference); };
    std::optional<Result<Prepared>> prepared;
    if (body->size() <= most_bytes_in_place) {
        prepared.emplace(work());
    } else {
        auto job = services_.workers.run(work);
        auto done = co_await job;
        prepared.emplace(std::move(done));
    }
    if (!*prepared) co_return failure(std::move(*prepared));
    const ManifestDocument& document = (*prepared)->document;
    const Digest& digest = (*prepared)->digest;

    const Precondition precondition = Precondition::of(context.request().headers);
    const auto event = context.event("manifest.push", {{"repository", context.repository().value()},
                                                       {"digest", digest.to_string()},
                                                       {"mediaType", document.media_type},
                                                       {"size", body->size()},
                                                       {"tags", names_of(*tags)}});
    const auto made = context.event("repository.create", {{"repository", context.repository().value()}});
    ManifestPush push{.registry = context.registry().row,
                      .repository = context.repository().value(),
                      .digest = digest,
                      .document = document,
                      .content = *body,
                      .platform = nullptr,
                      .reference = *reference,
                      .precondition = precondition,
                      .tags = *tags,
                      .now = context.now()};
    const auto write = [&](Session& session) -> Result<void> {
        auto created_repository = push_manifest(session, push);
        if (!created_repository) return failure(std::move(created_repository));
        if (*created_repository) {
            if (auto noted = storage::append_event(session, push.now, made); !noted) return noted;
        }
        return storage::append_event(session, push.now, event);
    };
    auto stored = co_await services_.database.write(write);
    ImagePlatform platform;
    if (!stored && stored.error().code == ErrorCode::manifest_unknown) { // its config is large
        auto of_config = co_await read_platform(context, document);
        platform = std::move(of_config);
        push.platform = &platform;
        auto again = co_await services_.database.write(write);
        stored = std::move(again);
    }
    if (!stored) co_return failure(std::move(stored));

    auto response = created(manifest_path(context.repository(), digest), digest);
    if (document.subject) response.headers.add("OCI-Subject", document.subject->to_string());
    if (std::holds_alternative<Digest>(*reference)) {
        for (const Tag& tag : *tags) response.headers.add("OCI-Tag", tag.value());
    }
    co_return response;
}

Task<ImagePlatform> ManifestRoutes::read_platform(const Context& context, const ManifestDocument& document) {
    if (!document.names_image_config()) co_return ImagePlatform{};
    const auto read = [&](Session& session) {
        return read_blob(session, context.registry().row, context.repository().value(), *document.config, true);
    };
    auto blob = co_await services_.database.read(ReadKind::point, read);
    // A config that is not there is the push's own failure, said where it is decided.
    if (!blob || blob->size > most_config_bytes) co_return ImagePlatform{};
    if (!blob->key) co_return parse_image_platform(blob->content);
    auto content = co_await read_object(services_.blobs, services_.workers, *blob->key, most_config_bytes);
    if (!content) co_return ImagePlatform{};
    co_return parse_image_platform(*content);
}

Task<Result<http::Response>> ManifestRoutes::remove(Context& context) {
    const auto reference = parse_reference(context.parameter("reference"));
    if (!reference) co_return std::unexpected(reference.error());
    if (const auto* tag = std::get_if<Tag>(&*reference)) {
        auto response = co_await remove_tag(context, *tag);
        co_return response;
    }
    auto response = co_await remove_manifest(context, std::get<Digest>(*reference));
    co_return response;
}

Task<Result<http::Response>> ManifestRoutes::remove_tag(Context& context, const Tag& tag) {
    const std::string& name = context.repository().value();
    const Precondition precondition = Precondition::of(context.request().headers);
    const auto event = context.event("tag.delete", {{"repository", name}, {"tag", tag.value()}});
    const auto write = [&](Session& session) -> Result<void> {
        auto repository = find_repository(session, context.registry().row, name);
        if (!repository) return failure(std::move(repository));
        if (auto writable = require_writable(repository->attributes, fmt::format("the repository '{}'", name)); !writable) {
            return writable;
        }
        auto digest = delete_tag(session, repository->row, tag, context.now());
        if (!digest) return failure(std::move(digest));
        if (auto holds = precondition.check(*digest); !holds) return holds;
        if (auto touched = touch_repository(session, repository->row, context.now()); !touched) return touched;
        auto complete = event;
        complete.detail["digest"] = digest->to_string();
        return storage::append_event(session, context.now(), complete);
    };
    auto deleted = co_await services_.database.write(write);
    if (!deleted) co_return failure(std::move(deleted));
    co_return accepted();
}

Task<Result<http::Response>> ManifestRoutes::remove_manifest(Context& context, const Digest& digest) {
    const std::string& name = context.repository().value();
    const Precondition precondition = Precondition::of(context.request().headers);
    const auto event = context.event("manifest.delete", {{"repository", name}, {"digest", digest.to_string()}});
    const auto write = [&](Session& session) -> Result<void> {
        auto repository = find_repository(session, context.registry().row, name);
        if (!repository) return failure(std::move(repository));
        if (auto writable = require_writable(repository->attributes, fmt::format("the repository '{}'", name)); !writable) {
            return writable;
        }
        auto deleted = delete_manifest(session, repository->row, digest, context.now());
        if (!deleted) return failure(std::move(deleted));
        if (auto holds = precondition.check(digest); !holds) return holds;
        if (auto touched = touch_repository(session, repository->row, context.now()); !touched) return touched;
        auto complete = event;
        boost::json::array tags(deleted->tags.begin(), deleted->tags.end());
        complete.detail["tags"] = std::move(tags);
        boost::json::array referrers;
        for (const Digest& other : std::span(deleted->manifests).subspan(1)) referrers.emplace_back(other.to_string());
        complete.detail["referrers"] = std::move(referrers);
        return storage::append_event(session, context.now(), complete);
    };
    auto deleted = co_await services_.database.write(write);
    if (!deleted) co_return failure(std::move(deleted));
    co_return accepted();
}

} // namespace berth::data_plane
