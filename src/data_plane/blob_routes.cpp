#include "data_plane/blob_routes.hpp"

#include "data_plane/answers.hpp"
#include "data_plane/blob_rows.hpp"
#include "data_plane/collection/garbage_store.hpp"
#include "data_plane/precondition.hpp"
#include "data_plane/repository_store.hpp"
#include "gateway/error_response.hpp"
#include "gateway/response.hpp"
#include "http/body.hpp"

#include <fmt/format.h>

namespace berth::data_plane {
namespace {

using gateway::Context;
using storage::ReadKind;
using storage::Session;

// What was queued so lately keeps nearly all of its grace: not worth a write.
constexpr std::chrono::minutes grace_is_fresh{1};

// A part only if the client's copy is of what is here (RFC 9110 section 13.1.5); a blob under a digest never changes, so
// that a date, the header's other form, says nothing and means the whole.
std::optional<std::string_view> wanted_range(const http::Headers& headers, std::string_view tag) {
    const auto condition = headers.find("If-Range");
    if (condition && *condition != tag) return std::nullopt;
    return headers.find("Range");
}

http::Response range_outside(std::uint64_t size, const Context& context) {
    const Error error{ErrorCode::range_not_satisfiable, fmt::format("The blob has {} bytes; the range lies outside.", size)};
    gateway::ErrorPlace place;
    place.protocol = gateway::Protocol::registry;
    place.correlation_id = context.correlation_id();
    auto response = gateway::error_response(error, place);
    response.headers.add("Content-Range", fmt::format("bytes */{}", size));
    return response;
}

http::Response part_or_whole(const http::ByteRange* range, const HotItem& blob) {
    http::Response response;
    response.headers.reserve(12);
    response.headers.add("Content-Type", "application/octet-stream");
    response.headers.add("Docker-Content-Digest", blob.digest);
    response.headers.add("ETag", blob.entity_tag);
    response.headers.add("Accept-Ranges", "bytes");
    if (range != nullptr) {
        response.status = 206;
        response.headers.add("Content-Range",
                             fmt::format("bytes {}-{}/{}", range->offset, range->offset + range->length - 1, blob.size));
    }
    return response;
}

http::Response small_blob_response(const Context& context, const HotItem& blob) {
    const http::Headers& headers = context.request().headers;
    if (is_not_modified(headers, blob.entity_tag)) return not_modified(blob.digest, blob.entity_tag);
    const auto range = http::parse_range(wanted_range(headers, blob.entity_tag), blob.size);
    if (!range) return range_outside(blob.size, context);
    http::Response response = part_or_whole(*range ? &**range : nullptr, blob);
    if (*range) {
        response.body = blob.content->substr((*range)->offset, (*range)->length);
    } else {
        response.body = blob.content;
    }
    return response;
}

} // namespace

std::vector<gateway::Route> BlobRoutes::routes() {
    using namespace gateway;
    std::vector<Route> out;
    out.push_back({.id = "blob.get",
                   .method = http::Method::get,
                   .pattern = "/v2/{name...}/blobs/{digest}",
                   .entry = {.kind = EntryKind::all, .permissions = {&permissions::pull}, .why = {}},
                   .further = {},
                   .scope = {},
                   .handler = [this](Context& context) { return get(context); },
                   .summary = "Pulls a blob, or a range of it"});
    out.push_back({.id = "blob.delete",
                   .method = http::Method::delete_,
                   .pattern = "/v2/{name...}/blobs/{digest}",
                   .entry = {.kind = EntryKind::all, .permissions = {&permissions::delete_content}, .why = {}},
                   .further = {},
                   .scope = {},
                   .handler = [this](Context& context) { return remove(context); },
                   .summary = "Takes a blob out of a repository"});
    return out;
}

Task<Result<http::Response>> BlobRoutes::get(Context& context) {
    const std::int64_t registry = context.registry().row;
    const std::string& repository = context.repository().value();
    const std::string_view wanted = context.parameter("digest");
    const http::Request& request = context.request();
    const bool is_head = request.method == http::Method::head;
    if (!is_head) {
        if (const auto hot = hot_.find(HotContent::Kind::blob, registry, repository, wanted)) {
            co_return small_blob_response(context, *hot);
        }
    }

    const auto version = services_.database.version();
    const auto digest = Digest::parse(wanted);
    if (!digest) co_return std::unexpected(digest.error());
    const auto read = [&](Session& session) { return read_blob(session, registry, repository, *digest, !is_head); };
    auto blob = co_await services_.database.read(ReadKind::point, read);
    if (blob && is_head) {
        auto kept = co_await keep(context, *digest, *blob);
        blob = std::move(kept);
    }
    if (!blob) co_return failure(std::move(blob));

    auto item = std::make_shared<HotItem>();
    item->digest = digest->to_string();
    item->entity_tag = entity_tag(*digest);
    item->size = blob->size;
    if (!is_head && !blob->key) {
        item->content = std::make_shared<const std::string>(std::move(blob->content));
        hot_.keep(HotContent::Kind::blob, registry, repository, wanted, version, item);
        co_return small_blob_response(context, *item);
    }

    if (is_not_modified(request.headers, item->entity_tag)) co_return not_modified(item->digest, item->entity_tag);
    // Range is defined for GET alone (RFC 9110 section 14.2).
    std::optional<http::ByteRange> range;
    if (!is_head) {
        auto parsed = http::parse_range(wanted_range(request.headers, item->entity_tag), blob->size);
        if (!parsed) co_return range_outside(blob->size, context);
        range = *parsed;
    }

    http::Response response = part_or_whole(range ? &*range : nullptr, *item);
    if (is_head) {
        response.headers.add("Content-Length", std::to_string(blob->size));
        co_return response;
    }
    auto object = co_await services_.blobs.open(*blob->key);
    if (!object) co_return failure(std::move(object));
    response.body = http::FileRange{
        .file = std::move(object->file), .offset = range ? range->offset : 0, .length = range ? range->length : blob->size};
    co_return response;
}

// Who asks whether a blob is there is about to push a manifest that lists it without sending it again. So its grace begins
// anew, should it be waiting to be collected.
Task<Result<StoredBlob>> BlobRoutes::keep(Context& context, const Digest& digest, const StoredBlob& blob) {
    const std::int64_t registry = context.registry().row;
    const std::string& name = context.repository().value();
    const Timestamp now = context.now();
    const auto look = [&](Session& session) { return is_queued(session, registry, name, digest, now - grace_is_fresh); };
    auto queued = co_await services_.database.read(ReadKind::point, look);
    if (!queued) co_return failure(std::move(queued));
    if (!*queued) co_return blob;
    const auto renew = [&](Session& session) -> Result<StoredBlob> {
        if (auto renewed = renew_grace(session, registry, name, digest, now); !renewed) return failure(std::move(renewed));
        return read_blob(session, registry, name, digest, false);
    };
    auto renewed = co_await services_.database.write(renew);
    // It is there whether or not that can be noted: on a full disk nobody pushes.
    if (!renewed && (renewed.error().code == ErrorCode::storage_full || renewed.error().code == ErrorCode::storage_read_only)) {
        co_return blob;
    }
    co_return renewed;
}

Task<Result<http::Response>> BlobRoutes::remove(Context& context) {
    const auto digest = Digest::parse(context.parameter("digest"));
    if (!digest) co_return std::unexpected(digest.error());
    const std::string& name = context.repository().value();
    const Precondition precondition = Precondition::of(context.request().headers);
    const auto event = context.event("blob.delete", {{"repository", name}, {"digest", digest->to_string()}});
    const auto write = [&](Session& session) -> Result<void> {
        auto repository = find_repository(session, context.registry().row, name);
        if (!repository) return failure(std::move(repository));
        if (auto writable = require_writable(repository->attributes, fmt::format("the repository '{}'", name)); !writable) {
            return writable;
        }
        if (auto unlinked = unlink_blob(session, repository->row, *digest, context.now()); !unlinked) return unlinked;
        if (auto holds = precondition.check(*digest); !holds) return holds;
        return storage::append_event(session, context.now(), event);
    };
    auto deleted = co_await services_.database.write(write);
    if (!deleted) co_return failure(std::move(deleted));
    co_return accepted();
}

} // namespace berth::data_plane
