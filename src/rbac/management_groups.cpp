#include "rbac/management_groups.hpp"

#include <algorithm>
#include <cstring>

namespace berth::rbac {

ManagementGroups::ManagementGroups(std::span<const ManagementGroupMembership> memberships) : by_scope_(memberships.size()) {
    for (const auto& [member, group] : memberships) {
        if (group.kind() != ScopeKind::management_group) continue;
        if (member.kind() != ScopeKind::management_group && member.kind() != ScopeKind::subscription) continue;
        const auto& level = member.levels().front();
        if (find(level, member.key().data()) != HashIndex::none) continue;
        by_scope_.insert(level.hash, static_cast<std::uint32_t>(members_.size()));
        members_.push_back({.scope = &member, .group = &group});
    }
    for (auto& member : members_) {
        const auto* group = member.group;
        auto is_this = [&group](const Scope* other) { return *other == *group; };
        while (member.above.size() < most_nested && *group != *member.scope && std::ranges::none_of(member.above, is_this)) {
            member.above.push_back(group);
            auto next = find(group->levels().front(), group->key().data());
            if (next == HashIndex::none) break;
            group = members_[next].group;
        }
    }
}

std::uint32_t ManagementGroups::find(const Scope::Level& level, const char* key) const noexcept {
    return by_scope_.find(level.hash, [&](std::uint32_t i) {
        const auto& own = members_[i].scope->key();
        return own.size() == level.length && std::memcmp(own.data(), key, level.length) == 0;
    });
}

std::span<const Scope* const> ManagementGroups::look_up(const Scope::Level& level, const char* key) const noexcept {
    auto found = find(level, key);
    if (found == HashIndex::none) return {};
    return members_[found].above;
}

bool ManagementGroups::covers(const Scope& above_scope, const Scope& below) const noexcept {
    if (above_scope.covers(below)) return true;
    if (members_.empty() || above_scope.kind() != ScopeKind::management_group || below.levels().size() < 2) return false;
    const auto& top = below.levels()[below.levels().size() - 2];
    return std::ranges::any_of(above(top, below.key().data()), [&](const Scope* group) { return *group == above_scope; });
}

} // namespace berth::rbac
