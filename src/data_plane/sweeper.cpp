#include "data_plane/sweeper.hpp"

#include "data_plane/garbage_store.hpp"

namespace berth::data_plane {
namespace {

using storage::ReadKind;
using storage::Session;

// One transaction's worth: short enough not to hold up pushes.
constexpr std::uint64_t batch = 100;

} // namespace

Sweeper::Sweeper(storage::Database& database, storage::BlobStore& blobs, const Clock& clock, SweeperOptions options)
    : database_(database), blobs_(blobs), clock_(clock), options_(options) {}

Task<Result<Swept>> Sweeper::sweep() {
    Swept swept;
    const Timestamp before = clock_.now() - options_.grace;
    auto candidates = co_await sweep_candidates(before, swept);
    if (!candidates) co_return failure(std::move(candidates));
    auto pending = co_await sweep_pending_objects(before, swept);
    if (!pending) co_return failure(std::move(pending));
    auto uploads = co_await blobs_.discard_uploads_older_than(options_.upload_rest);
    if (!uploads) co_return failure(std::move(uploads));
    swept.uploads = *uploads;
    co_return swept;
}

Task<Result<void>> Sweeper::sweep_candidates(Timestamp before, Swept& swept) {
    for (;;) {
        const auto list = [&](Session& session) { return list_garbage(session, before, batch); };
        auto candidates = co_await database_.read(ReadKind::scan, list);
        if (!candidates) co_return failure(std::move(candidates));
        if (candidates->empty()) co_return Result<void>{};

        const auto take = [&](Session& session) -> Result<std::vector<Collected>> {
            std::vector<Collected> out;
            for (const GarbageCandidate& candidate : *candidates) {
                auto collected = collect(session, candidate, before);
                if (!collected) return failure(std::move(collected));
                // Should the process end before the object is gone, its note finds it again.
                if (collected->object) {
                    auto noted = insert_given_up_object(session, *collected->object);
                    if (!noted) return failure(std::move(noted));
                }
                out.push_back(std::move(*collected));
            }
            return out;
        };
        auto taken = co_await database_.write(take);
        if (!taken) co_return failure(std::move(taken));
        for (const Collected& one : *taken) {
            swept.links += one.link ? 1 : 0;
            swept.blobs += one.blob ? 1 : 0;
        }
    }
}

Task<Result<void>> Sweeper::sweep_pending_objects(Timestamp before, Swept& swept) {
    for (;;) {
        const auto list = [&](Session& session) { return list_pending_objects(session, before, batch); };
        auto keys = co_await database_.read(ReadKind::scan, list);
        if (!keys) co_return failure(std::move(keys));
        if (keys->empty()) co_return Result<void>{};

        // Given up first, in one durable step: a push that is about to make one of them a blob fails from here on.
        const auto give_up = [&](Session& session) -> Result<std::vector<storage::StorageKey>> {
            std::vector<storage::StorageKey> out;
            for (const storage::StorageKey& key : *keys) {
                auto is_ours = give_up_pending_object(session, key);
                if (!is_ours) return failure(std::move(is_ours));
                if (*is_ours) out.push_back(key);
            }
            return out;
        };
        auto given_up = co_await database_.write(give_up);
        if (!given_up) co_return failure(std::move(given_up));
        for (const storage::StorageKey& key : *given_up) {
            auto removed = co_await blobs_.remove(key);
            if (!removed) co_return failure(std::move(removed));
            ++swept.objects;
        }
        const auto forget = [&](Session& session) -> Result<void> {
            for (const storage::StorageKey& key : *given_up) {
                if (auto forgotten = forget_object(session, key); !forgotten) return forgotten;
            }
            return {};
        };
        auto forgotten = co_await database_.write(forget);
        if (!forgotten) co_return failure(std::move(forgotten));
    }
}

} // namespace berth::data_plane
