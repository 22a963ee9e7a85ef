#include "data_plane/upload_routes.hpp"

#include "data_plane/answers.hpp"
#include "data_plane/blob_commit.hpp"
#include "data_plane/blob_rows.hpp"
#include "data_plane/mount.hpp"
#include "data_plane/upload_body.hpp"
#include "gateway/response.hpp"

#include <fmt/format.h>

namespace berth::data_plane {
namespace {

using gateway::Context;

std::unexpected<Error> upload_unknown() {
    return failure(ErrorCode::blob_upload_unknown,
                   "There is no such upload in this repository, or it has ended. Begin a new one with POST.");
}

Result<Digest> digest_parameter(const Parameters& query, std::string_view name) {
    const auto text = query.find(name);
    if (!text) {
        return failure(ErrorCode::digest_invalid, fmt::format("The parameter '{}' with the blob's digest is missing.", name));
    }
    return Digest::parse(*text);
}

// What a chunk says about itself, as far as that can be wrong before it is read.
Result<std::optional<ContentRange>> range_of(const http::Request& request) {
    auto range = parse_content_range(request.headers.find("Content-Range"));
    if (!range || !*range) return range;
    if (request.content_length && *request.content_length != (*range)->size()) {
        return failure(ErrorCode::size_invalid, fmt::format("The Content-Range names {} bytes, the Content-Length {}.",
                                                            (*range)->size(), *request.content_length));
    }
    return range;
}

Result<void> check_order(const std::optional<ContentRange>& range, std::uint64_t offset) {
    if (!range || range->first == offset) return {};
    return std::unexpected(Error{ErrorCode::range_not_satisfiable,
                                 fmt::format("The chunk begins at {}, but the upload has {} bytes: chunks go in order. "
                                             "GET this upload to see where it stands.",
                                             range->first, offset),
                                 nullptr, "BLOB_UPLOAD_INVALID"});
}

Result<void> check_size(const std::optional<ContentRange>& range, std::uint64_t offset) {
    if (!range || range->last + 1 == offset) return {};
    return failure(ErrorCode::size_invalid, "The chunk has not the size that its Content-Range names.");
}

Result<void> check_room(const http::Request& request, std::uint64_t offset) {
    const std::uint64_t length = request.content_length.value_or(0);
    if (length <= most_blob_bytes && offset <= most_blob_bytes - length) return {};
    return failure(ErrorCode::payload_too_large, "A blob can have 200 GiB at most.");
}

// `actor` outlives it.
UploadAccount account_of(const Context& context, std::string_view actor) {
    return {.registry = context.registry().id.value(),
            .actor = actor,
            .registry_name = context.registry().name,
            .actor_name = context.caller().name};
}

std::unexpected<Error> wrong_digest(const Digest& computed, const Digest& expected) {
    return failure(ErrorCode::digest_invalid, fmt::format("The bytes that were sent have the digest {}, not {}.",
                                                          computed.to_string(), expected.to_string()));
}

} // namespace

std::vector<gateway::Route> UploadRoutes::routes() {
    using namespace gateway;
    const Entry entry{.kind = EntryKind::all, .permissions = {&permissions::push}, .why = {}};
    constexpr std::string_view session = "/v2/{name...}/blobs/uploads/{session}";
    std::vector<Route> out;
    out.push_back({.id = "upload.start",
                   .method = http::Method::post,
                   .pattern = "/v2/{name...}/blobs/uploads/",
                   .entry = entry,
                   .further = {&permissions::pull},
                   .scope = {},
                   .handler = [this](Context& context) { return start(context); },
                   .summary = "Begins an upload, pushes a blob in one request, or mounts one",
                   .further_scope = mount_scope});
    out.push_back({.id = "upload.status",
                   .method = http::Method::get,
                   .pattern = session,
                   .entry = entry,
                   .further = {},
                   .scope = {},
                   .handler = [this](Context& context) { return status(context); },
                   .summary = "Says how much of an upload is there"});
    out.push_back({.id = "upload.append",
                   .method = http::Method::patch,
                   .pattern = session,
                   .entry = entry,
                   .further = {},
                   .scope = {},
                   .handler = [this](Context& context) { return append(context); },
                   .summary = "Sends a chunk of a blob"});
    out.push_back({.id = "upload.finish",
                   .method = http::Method::put,
                   .pattern = session,
                   .entry = entry,
                   .further = {},
                   .scope = {},
                   .handler = [this](Context& context) { return finish(context); },
                   .summary = "Ends an upload, with or without a last chunk"});
    out.push_back({.id = "upload.cancel",
                   .method = http::Method::delete_,
                   .pattern = session,
                   .entry = entry,
                   .further = {},
                   .scope = {},
                   .handler = [this](Context& context) { return cancel(context); },
                   .summary = "Cancels an upload"});
    return out;
}

Result<UploadSession> UploadRoutes::session_of(const Context& context) const {
    const std::string actor = context.actor();
    const UploadOwner owner{.registry = context.registry().id, .repository = context.repository(), .actor = actor};
    auto session = open_upload_session(services_.seal, context.parameter("session"), owner, context.now());
    if (session && ended_.has_ended(session->id)) return upload_unknown();
    return session;
}

http::Response UploadRoutes::progress(const Context& context, unsigned status, UploadSession session,
                                      std::uint64_t size) const {
    const std::string actor = context.actor();
    const UploadOwner owner{.registry = context.registry().id, .repository = context.repository(), .actor = actor};
    session.given_at = context.now();
    session.has_bytes = size > 0;
    auto response = gateway::empty_response(status);
    response.headers.add("Location", fmt::format("/v2/{}/blobs/uploads/{}", context.repository().value(),
                                                 sign_upload_session(services_.seal, session, owner)));
    // An upload without bytes has no last one; `0-0` is what registries have always said.
    response.headers.add("Range", fmt::format("0-{}", size == 0 ? 0 : size - 1));
    response.headers.add("Docker-Upload-UUID", session.id.value());
    return response;
}

Task<Result<http::Response>> UploadRoutes::start(Context& context) {
    const Parameters& query = context.query();
    if (query.find("mount")) {
        const auto digest = digest_parameter(query, "mount");
        if (!digest) co_return std::unexpected(digest.error());
        auto mounted = co_await mount_blob(services_, context, *digest);
        if (!mounted) co_return failure(std::move(mounted));
        if (*mounted) co_return created(blob_path(context.repository(), *digest), *digest);
    }
    UploadSession session{.id = storage::UploadId::random(), .given_at = context.now()};
    if (query.find("digest") && !query.find("mount")) {
        const auto digest = digest_parameter(query, "digest");
        if (!digest) co_return std::unexpected(digest.error());
        session.algorithm = digest->algorithm();
        auto response = co_await receive_last(context, session, *digest);
        co_return response;
    }
    if (const auto name = query.find("digest-algorithm")) {
        const auto algorithm = parse_digest_algorithm(*name);
        if (!algorithm) {
            co_return failure(ErrorCode::digest_invalid,
                              fmt::format("The digest algorithm '{}' is not known; use sha256 or sha512.", *name));
        }
        session.algorithm = *algorithm;
    }
    const std::string actor = context.actor();
    if (auto begun = limits_.begin(session.id, account_of(context, actor)); !begun) co_return failure(std::move(begun));
    co_return progress(context, 202, session, 0);
}

Task<Result<http::Response>> UploadRoutes::append(Context& context) {
    const auto session = session_of(context);
    if (!session) co_return std::unexpected(session.error());
    const auto range = range_of(context.request());
    if (!range) co_return std::unexpected(range.error());

    const std::string actor = context.actor();
    const UploadAccount account = account_of(context, actor);
    auto use = limits_.use(session->id, account, session->has_bytes, 0);
    if (!use) co_return failure(std::move(use));
    auto writer = co_await services_.blobs.open_upload(session->id, session->algorithm, !session->has_bytes);
    if (!writer) co_return failure(std::move(writer));
    const std::uint64_t offset = (*writer)->offset();
    use->found(offset);
    if (auto in_order = check_order(*range, offset); !in_order) co_return failure(std::move(in_order));
    if (auto room = check_room(context.request(), offset); !room) co_return failure(std::move(room));
    auto reserved = use->reserve(offset + context.request().content_length.value_or(0));
    if (!reserved) co_return failure(std::move(reserved));
    // A chunk counts whole or not at all: what arrived of a broken one goes with the writer.
    auto appended = co_await append_rest(*context.request().body, **writer, memory_, *use);
    if (!appended) co_return failure(std::move(appended));
    const std::uint64_t size = (*writer)->offset();
    if (auto exact = check_size(*range, size); !exact) co_return failure(std::move(exact));
    (*writer)->set_owner(account.to_owner());
    auto paused = co_await (*writer)->pause();
    if (!paused) co_return failure(std::move(paused));
    use->keep(size);
    // Another request may have ended it meanwhile with a blob of its own: nobody could go on with these bytes.
    if (!session->has_bytes && ended_.has_ended(session->id)) {
        auto discarded = co_await services_.blobs.discard_upload(session->id);
        if (discarded) use->end();
        co_return upload_unknown();
    }
    co_return progress(context, 202, *session, size);
}

Task<Result<http::Response>> UploadRoutes::finish(Context& context) {
    const auto session = session_of(context);
    if (!session) co_return std::unexpected(session.error());
    const auto digest = digest_parameter(context.query(), "digest");
    if (!digest) co_return std::unexpected(digest.error());
    auto response = co_await receive_last(context, *session, *digest);
    co_return response;
}

Task<Result<http::Response>> UploadRoutes::receive_last(Context& context, const UploadSession& session,
                                                        const Digest& expected) {
    const http::Request& request = context.request();
    const auto range = range_of(request);
    if (!range) co_return std::unexpected(range.error());
    if (auto room = check_room(request, 0); !room) co_return failure(std::move(room));
    const std::uint64_t length = request.content_length.value_or(0);

    const std::string actor = context.actor();
    const UploadAccount account = account_of(context, actor);
    auto use = limits_.use(session.id, account, session.has_bytes, session.has_bytes ? 0 : length);
    if (!use) co_return failure(std::move(use));

    // Most blobs are small and come whole: they never touch the blob store. Bytes that have the digest are the blob,
    // whatever came before them.
    BodyFront front;
    if (!session.has_bytes && length <= most_small_blob_bytes) {
        auto read = co_await read_front(*request.body, most_small_blob_bytes);
        if (!read) co_return failure(std::move(read));
        front = std::move(*read);
        const bool from_the_beginning = !*range || ((*range)->first == 0 && (*range)->size() == front.bytes.size());
        if (front.is_whole && from_the_beginning && Digest::of(front.bytes, expected.algorithm()) == expected) {
            auto response = co_await store_small(context, session, expected, front.bytes);
            if (response && use->end()) {
                auto discarded = co_await services_.blobs.discard_upload(session.id); // a failure leaves it to the sweeper
                (void)discarded;
            }
            co_return response;
        }
    }

    const DigestAlgorithm algorithm = session.has_bytes ? session.algorithm : expected.algorithm();
    auto writer = co_await services_.blobs.open_upload(session.id, algorithm, !session.has_bytes);
    if (!writer) co_return failure(std::move(writer));
    const std::uint64_t offset = (*writer)->offset();
    use->found(offset);
    if (auto in_order = check_order(*range, offset); !in_order) co_return failure(std::move(in_order));
    if (auto room = check_room(request, offset); !room) co_return failure(std::move(room));
    auto reserved = use->reserve(offset + std::max<std::uint64_t>(length, front.bytes.size()));
    if (!reserved) co_return failure(std::move(reserved));
    if (!front.bytes.empty()) {
        auto appended = co_await (*writer)->append(front.bytes);
        if (!appended) co_return failure(std::move(appended));
    }
    if (!front.is_whole) {
        auto appended = co_await append_rest(*request.body, **writer, memory_, *use);
        if (!appended) co_return failure(std::move(appended));
    }
    if (auto exact = check_size(*range, (*writer)->offset()); !exact) co_return failure(std::move(exact));

    auto computed = co_await (*writer)->digest(expected.algorithm());
    if (!computed) co_return failure(std::move(computed));
    if (*computed != expected) co_return wrong_digest(*computed, expected);
    auto response = co_await store(context, session, expected, **writer, *use);
    co_return response;
}

Task<Result<http::Response>> UploadRoutes::store(Context& context, const UploadSession& session, const Digest& digest,
                                                 storage::UploadWriter& writer, UploadUse& use) {
    auto decided = co_await context.decide_again();
    if (!decided) co_return failure(std::move(decided));
    auto content = co_await writer.take_if_small(most_small_blob_bytes);
    if (!content) co_return failure(std::move(content));
    if (*content) {
        auto response = co_await store_small(context, session, digest, **content);
        if (response) {
            auto discarded = co_await services_.blobs.discard_upload(session.id); // a failure leaves it to the sweeper
            (void)discarded;
            use.end();
        }
        co_return response;
    }
    BlobPush push = BlobPush::of(context, digest, "blob.push", writer.offset());
    push.now = services_.clock.now(); // the grace begins now: the body may have taken hours
    if (!ended_.end(session.id, context.now())) co_return upload_unknown();
    auto committed = co_await commit_upload(services_.database, services_.blobs, push, writer);
    if (!committed) {
        ended_.reopen(session.id);
        co_return failure(std::move(committed));
    }
    if (!*committed) {
        auto discarded = co_await services_.blobs.discard_upload(session.id); // a failure leaves it to the sweeper
        (void)discarded;
    }
    use.end();
    co_return created(blob_path(context.repository(), digest), digest);
}

Task<Result<http::Response>> UploadRoutes::store_small(Context& context, const UploadSession& session, const Digest& digest,
                                                       std::span<const std::byte> content) {
    auto decided = co_await context.decide_again();
    if (!decided) co_return failure(std::move(decided));
    BlobPush push = BlobPush::of(context, digest, "blob.push", content.size());
    push.now = services_.clock.now(); // the grace begins now, not with the request
    // Two that send the same end at once: one has made the blob, the other's upload is no more.
    if (!ended_.end(session.id, context.now())) co_return upload_unknown();
    auto committed = co_await commit_small_blob(services_.database, push, content);
    if (!committed) {
        ended_.reopen(session.id);
        co_return failure(std::move(committed));
    }
    co_return created(blob_path(context.repository(), digest), digest);
}

Task<Result<http::Response>> UploadRoutes::status(Context& context) {
    const auto session = session_of(context);
    if (!session) co_return std::unexpected(session.error());
    auto size = co_await services_.blobs.upload_size(session->id);
    if (!size) {
        if (size.error().code != ErrorCode::blob_upload_unknown || session->has_bytes) co_return failure(std::move(size));
        co_return progress(context, 204, *session, 0);
    }
    co_return progress(context, 204, *session, *size);
}

Task<Result<http::Response>> UploadRoutes::cancel(Context& context) {
    const auto session = session_of(context);
    if (!session) co_return std::unexpected(session.error());
    if (session->has_bytes) {
        auto size = co_await services_.blobs.upload_size(session->id);
        if (!size) co_return failure(std::move(size));
    }
    const std::string actor = context.actor();
    const UploadAccount account = account_of(context, actor);
    auto use = limits_.use(session->id, account, true, 0);
    if (!use) co_return failure(std::move(use));
    if (!ended_.end(session->id, context.now())) co_return upload_unknown();
    auto discarded = co_await services_.blobs.discard_upload(session->id);
    if (!discarded) {
        ended_.reopen(session->id);
        co_return failure(std::move(discarded));
    }
    use->end();
    co_return gateway::empty_response(204);
}

} // namespace berth::data_plane
