#include "data_plane/mount.hpp"

#include "base/names.hpp"
#include "data_plane/blob_commit.hpp"
#include "data_plane/blob_rows.hpp"
#include "data_plane/repository_store.hpp"

namespace berth::data_plane {
namespace {

using gateway::Context;
using storage::ReadKind;
using storage::Session;

// Where the registry looks for a blob that names no source.
constexpr std::uint64_t most_sources = 100;

// The size of the blob if the repository links it and is not locked against reading.
Result<std::optional<std::uint64_t>> linked_size(Session& session, std::int64_t registry, const std::string& repository,
                                                 const Digest& digest) {
    auto blob = read_blob(session, registry, repository, digest, false);
    if (blob) return blob->size;
    switch (blob.error().code) {
    case ErrorCode::name_unknown:
    case ErrorCode::blob_unknown:
    case ErrorCode::operation_disallowed: return std::nullopt;
    default: return failure(std::move(blob));
    }
}

Task<Result<bool>> mount_from(const gateway::Services& services, const Context& context, const Digest& digest,
                              const std::string& source) {
    const std::int64_t registry = context.registry().row;
    const auto read = [&](Session& session) { return linked_size(session, registry, source, digest); };
    auto size = co_await services.database.read(ReadKind::point, read);
    if (!size) co_return failure(std::move(size));
    if (!*size) co_return false;

    BlobPush push = BlobPush::of(context, digest, "blob.mount", **size);
    push.pushed.detail["from"] = source;
    const auto write = [&](Session& session) -> Result<bool> {
        auto still = linked_size(session, registry, source, digest);
        if (!still) return failure(std::move(still));
        if (!*still) return false;
        if (auto linked = link_pushed_blob(session, push); !linked) return failure(std::move(linked));
        return true;
    };
    auto mounted = co_await services.database.write(write);
    co_return mounted;
}

} // namespace

Task<Result<bool>> mount_blob(const gateway::Services& services, Context& context, const Digest& digest) {
    if (const auto from = context.query().find("from")) {
        const auto source = RepositoryName::parse(*from);
        if (!source) co_return std::unexpected(source.error());
        if (!context.may(gateway::permissions::pull, source->value())) {
            // Decided by what the token was asked for and nothing else: a client that asks for more comes here again.
            const auto& caller = context.caller();
            if (caller.narrowed_to && !caller.narrowing_allows("repository", source->value(), "pull")) {
                auto refused = context.require(gateway::permissions::pull, source->value());
                co_return std::unexpected(std::move(refused.error()));
            }
            co_return false;
        }
        auto mounted = co_await mount_from(services, context, digest, source->value());
        co_return mounted;
    }

    const auto read = [&](Session& session) {
        return repositories_with_blob(session, context.registry().row, digest, most_sources);
    };
    auto sources = co_await services.database.read(ReadKind::page, read);
    if (!sources) co_return failure(std::move(sources));
    for (const std::string& source : *sources) {
        if (!context.may(gateway::permissions::pull, source)) continue;
        auto mounted = co_await mount_from(services, context, digest, source);
        co_return mounted;
    }
    co_return false;
}

std::string mount_scope(const Parameters& query) {
    if (!query.find("mount")) return {};
    const auto from = query.find("from");
    if (!from) return "repository:*:pull";
    const auto source = RepositoryName::parse(*from);
    return source ? "repository:" + source->value() + ":pull" : std::string();
}

} // namespace berth::data_plane
