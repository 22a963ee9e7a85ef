#include "rbac/denials.hpp"

#include <algorithm>
#include <cstring>

namespace berth::rbac {

Denials::Denials(std::vector<Denial> denials) : denials_(std::move(denials)), by_scope_(denials_.size()) {
    std::ranges::stable_sort(denials_, {},
                             [](const Denial& denial) { return std::string_view(denial.assignment->scope.key()); });
    for (std::uint32_t i = 0; i < denials_.size(); ++i) {
        const auto& scope = denials_[i].assignment->scope;
        if (!denials_[i].is_exempt) operations_ |= *denials_[i].operations;
        if (i == 0 || denials_[i - 1].assignment->scope != scope) by_scope_.insert(scope.levels().front().hash, i);
    }
}

std::span<const Denial> Denials::at(const Scope::Level& level, const char* key) const noexcept {
    auto is_there = [&](const Denial& denial) {
        const auto& own = denial.assignment->scope.key();
        return own.size() == level.length && std::memcmp(own.data(), key, level.length) == 0;
    };
    auto begin = by_scope_.find(level.hash, [&](std::uint32_t i) { return is_there(denials_[i]); });
    if (begin == HashIndex::none) return {};
    std::size_t end = begin + 1;
    while (end < denials_.size() && is_there(denials_[end])) ++end;
    return std::span(denials_).subspan(begin, end - begin);
}

} // namespace berth::rbac
