#include "data_plane/blob_routes.hpp"

#include "data_plane/answers.hpp"
#include "data_plane/blob_rows.hpp"
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
    const auto digest = Digest::parse(context.parameter("digest"));
    if (!digest) co_return std::unexpected(digest.error());
    const http::Request& request = context.request();
    const bool is_head = request.method == http::Method::head;
    const auto read = [&](Session& session) {
        return read_blob(session, context.registry().row, context.repository().value(), *digest, !is_head);
    };
    auto blob = co_await services_.database.read(ReadKind::point, read);
    if (!blob) co_return failure(std::move(blob));

    std::string tag = entity_tag(*digest);
    if (is_not_modified(request.headers, tag)) co_return not_modified(*digest);
    // Range is defined for GET alone (RFC 9110 section 14.2).
    std::optional<http::ByteRange> range;
    if (!is_head) {
        auto parsed = http::parse_range(wanted_range(request.headers, tag), blob->size);
        if (!parsed) co_return range_outside(blob->size, context);
        range = *parsed;
    }

    http::Response response;
    response.headers.reserve(12);
    response.headers.add("Content-Type", "application/octet-stream");
    response.headers.add("Docker-Content-Digest", digest->to_string());
    response.headers.add("ETag", std::move(tag));
    response.headers.add("Accept-Ranges", "bytes");
    if (is_head) {
        response.headers.add("Content-Length", std::to_string(blob->size));
        co_return response;
    }
    if (range) {
        response.status = 206;
        response.headers.add("Content-Range",
                             fmt::format("bytes {}-{}/{}", range->offset, range->offset + range->length - 1, blob->size));
    }
    if (!blob->key) {
        response.body = range ? blob->content.substr(range->offset, range->length) : std::move(blob->content);
        co_return response;
    }
    auto object = co_await services_.blobs.open(*blob->key);
    if (!object) co_return failure(std::move(object));
    response.body = http::FileRange{
        .file = std::move(object->file), .offset = range ? range->offset : 0, .length = range ? range->length : blob->size};
    co_return response;
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
