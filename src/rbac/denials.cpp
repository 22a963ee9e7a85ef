#include "rbac/denials.hpp"

#include <cstring>
#include <map>
#include <string_view>

namespace berth::rbac {

Denials::Denials(std::vector<Denial> denials) : by_scope_(denials.size()) {
    std::map<std::string_view, std::vector<Denial>> by_key;
    for (const auto& denial : denials) by_key[denial.assignment->scope.key()].push_back(denial);
    denials_.reserve(denials.size());
    for (const auto& [key, of_scope] : by_key) {
        const auto& scope = of_scope.front().assignment->scope;
        by_scope_.insert(scope.levels().front().hash, static_cast<std::uint32_t>(denials_.size()));
        for (const auto& denial : of_scope) {
            if (!denial.is_exempt) operations_ |= *denial.operations;
            denials_.push_back(denial);
        }
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
