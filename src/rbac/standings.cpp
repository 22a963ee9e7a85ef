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

Standings::Numbers Standings::named_among(std::span<const Principals::Reached> reached) const {
    Numbers out;
    for (const auto& each : reached) {
        if (!each.is_link && principals_.is_named(each.number)) out.push_back(each.number);
    }
    std::ranges::sort(out);
    return out;
}

Standings::Handle Standings::held_by(Numbers holders, std::size_t& used, std::size_t limit) const {
    {
        std::lock_guard lock(mutex_);
        if (auto found = by_holders_.find(holders); found != by_holders_.end()) return Handle(found->second.get());
    }
    // Made without the lock: nobody waits, and of two who make the same the first to come back keeps it.
    auto made = std::make_unique<const Standing>(grants_of(holders), denials_of(holders));
    auto bytes = made->bytes() + holders.size() * sizeof(std::uint32_t);
    std::lock_guard lock(mutex_);
    if (used + bytes > limit) return Handle(std::move(made));
    auto [at, is_new] = by_holders_.try_emplace(std::move(holders), std::move(made));
    if (is_new) used += bytes;
    return Handle(at->second.get());
}

Standings::Handle Standings::make(std::uint32_t principal) const {
    auto standing = held_by(named_among(principals_.reach(principal)), bytes_, limit_);
    if (standing.is_kept()) place_of(principal).store(&*standing, std::memory_order_release);
    return standing;
}

Standings::Handle Standings::of(std::uint32_t principal, std::span<const std::uint32_t> links) const {
    if (links.empty()) return of(principal);
    Numbers subject{principal};
    subject.insert(subject.end(), links.begin(), links.end());
    {
        std::lock_guard lock(mutex_);
        if (auto found = with_links_.find(subject); found != with_links_.end()) return Handle(found->second);
    }
    auto standing = held_by(named_among(principals_.reach(principal, links)), bytes_with_links_, limit_ / part_with_links);
    if (standing.is_kept()) {
        std::lock_guard lock(mutex_);
        if (with_links_.size() >= most_with_links) with_links_.clear(); // what they stand for is kept all the same
        with_links_.emplace(std::move(subject), &*standing);
    }
    return standing;
}

} // namespace berth::rbac
