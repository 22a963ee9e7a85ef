#include "rbac/standings.hpp"

#include <algorithm>

namespace berth::rbac {

Standings::Standings(const Principals& principals, std::span<const Grant> grants, std::size_t limit)
    : principals_(principals), grants_(grants), limit_(limit), kept_(principals.size()) {}

Standings::Handle Standings::make(std::uint32_t principal) const {
    std::vector<std::uint32_t> holders;
    for (const auto& reached : principals_.reach(principal)) {
        if (!principals_.assignments_of(reached.number).empty()) holders.push_back(reached.number);
    }
    std::ranges::sort(holders);
    {
        std::lock_guard lock(mutex_);
        if (auto found = by_holders_.find(holders); found != by_holders_.end()) {
            kept_[principal].store(found->second.get(), std::memory_order_release);
            return Handle(found->second.get());
        }
    }

    // Made without the lock: nobody waits, and of two who make the same the first to come back keeps it.
    std::vector<std::uint32_t> indexes;
    for (auto holder : holders) {
        auto own = principals_.assignments_of(holder);
        indexes.insert(indexes.end(), own.begin(), own.end());
    }
    std::ranges::sort(indexes);
    std::vector<Grant> grants;
    grants.reserve(indexes.size());
    for (auto index : indexes) grants.push_back(grants_[index]);
    auto made = std::make_unique<const Standing>(grants);

    auto bytes = made->bytes() + holders.size() * sizeof(std::uint32_t);
    std::lock_guard lock(mutex_);
    if (bytes_ + bytes > limit_) return Handle(std::move(made));
    auto [at, is_new] = by_holders_.try_emplace(std::move(holders), std::move(made));
    if (is_new) bytes_ += bytes;
    kept_[principal].store(at->second.get(), std::memory_order_release);
    return Handle(at->second.get());
}

} // namespace berth::rbac
