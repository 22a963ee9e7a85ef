#include "rbac/standing.hpp"

#include <algorithm>
#include <cstring>

namespace berth::rbac {
namespace {

// Brings the decisive grants of one scope to the front, unconditional ones before the others, each kind in its order,
// and says how many they are.
std::size_t sort_decisive(std::span<Grant> grants) {
    if (grants.size() == 1) return grants[0].operations->all.empty() ? 0 : 1;
    const std::vector<Grant> all(grants.begin(), grants.end());
    std::vector<Grant> redundant;
    OperationSet covered;
    std::size_t decisive = 0;
    for (const bool conditional : {false, true}) {
        for (const auto& grant : all) {
            if (grant.is_conditional() != conditional) continue;
            if (covered.includes(grant.operations->all)) {
                redundant.push_back(grant);
                continue;
            }
            if (!grant.assignment->condition) covered |= grant.operations->unconditional;
            grants[decisive++] = grant;
        }
    }
    std::ranges::copy(redundant, grants.begin() + static_cast<std::ptrdiff_t>(decisive));
    return decisive;
}

} // namespace

Standing::Standing(std::span<const Grant> grants, std::vector<Denial> denials)
    : grants_(grants.begin(), grants.end()), by_scope_(grants.size()), denials_(std::move(denials)) {
    std::vector<std::uint32_t> holding_of(grants.size());
    for (std::size_t i = 0; i < grants.size(); ++i) {
        const auto& scope = grants[i].assignment->scope;
        const auto& level = scope.levels().front();
        auto number = find(level, scope.key().data());
        if (number == HashIndex::none) {
            number = static_cast<std::uint32_t>(holdings_.size());
            holdings_.push_back({.scope = &scope, .operations = {}, .begin = 0, .decisive_end = 0, .end = 0});
            by_scope_.insert(level.hash, number);
        }
        holding_of[i] = number;
        holdings_[number].operations |= grants[i].operations->all;
        ++holdings_[number].end; // a count, until the next loop
    }
    std::uint32_t begin = 0;
    for (auto& holding : holdings_) {
        auto count = holding.end;
        holding.begin = holding.end = begin;
        begin += count;
    }
    for (std::size_t i = 0; i < grants.size(); ++i) grants_[holdings_[holding_of[i]].end++] = grants[i];
    for (auto& holding : holdings_) {
        auto own = std::span(grants_).subspan(holding.begin, holding.end - holding.begin);
        holding.decisive_end = holding.begin + static_cast<std::uint32_t>(sort_decisive(own));
    }
}

std::uint32_t Standing::find(const Scope::Level& level, const char* key) const noexcept {
    return by_scope_.find(level.hash, [&](std::uint32_t i) {
        const auto& own = holdings_[i].scope->key();
        return own.size() == level.length && std::memcmp(own.data(), key, level.length) == 0;
    });
}

const Standing::Holding* Standing::at(const Scope::Level& level, const char* key) const noexcept {
    auto found = find(level, key);
    return found == HashIndex::none ? nullptr : &holdings_[found];
}

std::size_t Standing::bytes() const noexcept {
    return sizeof(*this) + grants_.capacity() * sizeof(Grant) + holdings_.capacity() * sizeof(Holding) + by_scope_.bytes() +
           denials_.bytes();
}

} // namespace berth::rbac
