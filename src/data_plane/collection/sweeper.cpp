#include "data_plane/collection/sweeper.hpp"

#include "data_plane/collection/untagged_store.hpp"

namespace berth::data_plane {
namespace {

using storage::ReadKind;
using storage::Session;

// One transaction's worth: short enough not to hold up pushes.
constexpr std::uint64_t batch = 100;
constexpr std::uint64_t untagged_batch = 20; // each may take many referrers with it

} // namespace

Swept& Swept::operator+=(const Swept& other) noexcept {
    links += other.links;
    blobs += other.blobs;
    objects += other.objects;
    uploads += other.uploads;
    manifests += other.manifests;
    return *this;
}

Sweeper::Sweeper(storage::Database& database, storage::BlobStore& blobs, const Clock& clock, CollectionPolicy policy,
                 UploadsSeen uploads_seen)
    : database_(database), blobs_(blobs), clock_(clock), policy_(policy), uploads_seen_(std::move(uploads_seen)) {}

void Sweeper::add(const Swept& swept) {
    const std::lock_guard lock(mutex_);
    totals_ += swept;
}

Swept Sweeper::totals() const {
    const std::lock_guard lock(mutex_);
    return totals_;
}

Task<Result<Swept>> Sweeper::sweep() {
    auto swept = co_await sweep_without_uploads();
    if (!swept) co_return failure(std::move(swept));
    const Timestamp since = clock_.now();
    auto uploads = co_await blobs_.discard_uploads_older_than(policy_.upload_rest);
    if (!uploads) co_return failure(std::move(uploads));
    if (uploads_seen_) uploads_seen_(uploads->left, since);
    const Swept discarded{.uploads = uploads->discarded};
    add(discarded);
    *swept += discarded;
    co_return swept;
}

Task<Result<Swept>> Sweeper::sweep_without_uploads() {
    Swept swept;
    auto done = co_await sweep_content(swept);
    add(swept); // a failure takes nothing back
    if (!done) co_return failure(std::move(done));
    co_return swept;
}

Task<Result<void>> Sweeper::sweep_content(Swept& swept) {
    const Timestamp now = clock_.now();
    if (policy_.untagged_after) {
        auto untagged = co_await sweep_untagged(now - *policy_.untagged_after, swept);
        if (!untagged) co_return untagged;
    }
    const Timestamp before = now - policy_.grace;
    auto unreferenced = co_await sweep_candidates(GarbageReason::unreferenced, before, swept);
    if (!unreferenced) co_return unreferenced;
    if (policy_.unlisted_blobs) {
        auto unlisted = co_await sweep_candidates(GarbageReason::unlisted, before, swept);
        if (!unlisted) co_return unlisted;
    }
    auto objects =
        co_await sweep_pending_objects(now - std::max<std::chrono::seconds>(policy_.grace, least_rest_of_objects), swept);
    co_return objects;
}

Task<Result<void>> Sweeper::sweep_untagged(Timestamp before, Swept& swept) {
    while (!stopping_.load(std::memory_order_relaxed)) {
        const auto list = [&](Session& session) { return list_untagged(session, before, untagged_batch); };
        auto manifests = co_await database_.read(ReadKind::scan, list);
        if (!manifests) co_return failure(std::move(manifests));
        if (manifests->empty()) co_return Result<void>{};

        const Timestamp now = clock_.now();
        const auto take = [&](Session& session) -> Result<std::uint64_t> {
            std::uint64_t out = 0;
            for (const UntaggedManifest& manifest : *manifests) {
                auto collected = collect_untagged(session, manifest, now);
                if (!collected) return failure(std::move(collected));
                out += *collected;
            }
            return out;
        };
        auto taken = co_await database_.write(take);
        if (!taken) co_return failure(std::move(taken));
        swept.manifests += *taken;
        // With a policy of no time at all, a locked one would come again at once.
        if (manifests->size() < untagged_batch) co_return Result<void>{};
    }
    co_return Result<void>{};
}

Task<Result<void>> Sweeper::sweep_candidates(GarbageReason reason, Timestamp before, Swept& swept) {
    while (!stopping_.load(std::memory_order_relaxed)) {
        const auto list = [&](Session& session) { return list_garbage(session, reason, before, batch); };
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
    co_return Result<void>{};
}

Task<Result<void>> Sweeper::sweep_pending_objects(Timestamp before, Swept& swept) {
    while (!stopping_.load(std::memory_order_relaxed)) {
        const auto list = [&](Session& session) { return list_pending_objects(session, before, batch); };
        auto keys = co_await database_.read(ReadKind::scan, list);
        if (!keys) co_return failure(std::move(keys));
        if (keys->empty()) co_return Result<void>{};

        // Given up first, in one durable step: a push that is about to make one of them a blob fails from here on.
        const Timestamp now = clock_.now();
        const auto give_up = [&](Session& session) -> Result<std::vector<storage::StorageKey>> {
            std::vector<storage::StorageKey> out;
            auto held = is_collection_held(session, now);
            if (!held) return failure(std::move(held));
            if (*held) return out;
            for (const storage::StorageKey& key : *keys) {
                auto is_ours = give_up_pending_object(session, key);
                if (!is_ours) return failure(std::move(is_ours));
                if (*is_ours) out.push_back(key);
            }
            return out;
        };
        auto given_up = co_await database_.write(give_up);
        if (!given_up) co_return failure(std::move(given_up));
        if (given_up->empty()) co_return Result<void>{}; // a backup copies objects, or a push claimed them all
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
    co_return Result<void>{};
}

} // namespace berth::data_plane
