#include "rbac/standings.hpp"

#include <algorithm>
#include <set>

namespace berth::rbac {

Standings::Standings(const Principals& principals, std::span<const Grant> grants, std::span<const Denial> denials,
                     std::size_t limit)
    : principals_(principals), grants_(grants), denials_(denials), limit_(limit), kept_(principals.size() + 1) {}

std::vector<Grant> Standings::grants_of(std::span<const std::uint32_t> holders) const {
    std::vector<std::uint32_t> indexes;
    for (auto holder : holders) {
        auto own = principals_.assignments_of(holder);
        indexes.insert(indexes.end(), own.begin(), own.end());
    }
    std::ranges::sort(indexes);
    std::vector<Grant> out;
    out.reserve(indexes.size());
    for (auto index : indexes) out.push_back(grants_[index]);
    return out;
}

std::vector<Denial> Standings::denials_of(std::span<const std::uint32_t> holders) const {
    auto everyone = principals_.denials_of_everyone();
    std::set<std::uint32_t> indexes(everyone.begin(), everyone.end());
    std::set<std::uint32_t> excluded;
    for (auto holder : holders) {
        auto own = principals_.denials_of(holder);
        indexes.insert(own.begin(), own.end());
        auto exclusions = principals_.exclusions_of(holder);
        excluded.insert(exclusions.begin(), exclusions.end());
    }
    std::vector<Denial> out;
    for (auto index : indexes) {
        out.push_back(denials_[index]);
        out.back().is_exempt = excluded.contains(index);
    }
    return out;
}

Standings::Handle Standings::make(std::uint32_t principal) const {
    std::vector<std::uint32_t> holders;
    for (const auto& reached : principals_.reach(principal)) {
        if (principals_.is_named(reached.number)) holders.push_back(reached.number);
    }
    std::ranges::sort(holders);
    {
        std::lock_guard lock(mutex_);
        if (auto found = by_holders_.find(holders); found != by_holders_.end()) {
            place_of(principal).store(found->second.get(), std::memory_order_release);
            return Handle(found->second.get());
        }
    }

    // Made without the lock: nobody waits, and of two who make the same the first to come back keeps it.
    auto made = std::make_unique<const Standing>(grants_of(holders), denials_of(holders));
    auto bytes = made->bytes() + holders.size() * sizeof(std::uint32_t);
    std::lock_guard lock(mutex_);
    if (bytes_ + bytes > limit_) return Handle(std::move(made));
    auto [at, is_new] = by_holders_.try_emplace(std::move(holders), std::move(made));
    if (is_new) bytes_ += bytes;
    place_of(principal).store(at->second.get(), std::memory_order_release);
    return Handle(at->second.get());
}

} // namespace berth::rbac
