#include "rbac/principals.hpp"

#include <functional>

namespace berth::rbac {

Principals::Principals(std::span<const RoleAssignment> assignments, std::span<const GroupMembership> memberships)
    : by_id_(assignments.size() + 2 * memberships.size()) {
    std::vector<std::uint32_t> holders(assignments.size());
    std::vector<std::uint32_t> indexes(assignments.size());
    for (std::uint32_t i = 0; i < assignments.size(); ++i) {
        holders[i] = number_of(assignments[i].principal);
        indexes[i] = i;
    }
    std::vector<std::uint32_t> members(memberships.size());
    std::vector<std::uint32_t> groups(memberships.size());
    for (std::size_t i = 0; i < memberships.size(); ++i) {
        members[i] = number_of(memberships[i].member);
        groups[i] = number_of(memberships[i].group);
    }
    assignments_ = group_by(holders, indexes, ids_.size());
    groups_ = group_by(members, groups, ids_.size());
}

Principals::Lists Principals::group_by(std::span<const std::uint32_t> keys, std::span<const std::uint32_t> values,
                                       std::size_t size) {
    Lists out;
    out.begin.resize(size + 1);
    out.values.resize(values.size());
    for (auto key : keys) ++out.begin[key + 1];
    for (std::size_t i = 0; i < size; ++i) out.begin[i + 1] += out.begin[i];
    auto next = out.begin;
    for (std::size_t i = 0; i < values.size(); ++i) out.values[next[keys[i]]++] = values[i];
    return out;
}

std::uint32_t Principals::number_of(const Guid& id) {
    auto hash = std::hash<Guid>{}(id);
    auto number = by_id_.find(hash, [&](std::uint32_t at) { return *ids_[at] == id; });
    if (number == none) {
        number = static_cast<std::uint32_t>(ids_.size());
        ids_.push_back(&id);
        by_id_.insert(hash, number);
    }
    return number;
}

std::uint32_t Principals::find(const Guid& id) const noexcept {
    return by_id_.find(std::hash<Guid>{}(id), [&](std::uint32_t at) { return *ids_[at] == id; });
}

std::vector<Principals::Reached> Principals::reach(std::uint32_t number) const {
    std::vector<bool> seen(ids_.size());
    std::vector<Reached> out{{number, 0}};
    seen[number] = true;
    for (std::uint32_t i = 0; i < out.size(); ++i) {
        for (auto group : groups_.of(out[i].number)) {
            if (seen[group]) continue;
            seen[group] = true;
            out.push_back({group, i});
        }
    }
    return out;
}

} // namespace berth::rbac
