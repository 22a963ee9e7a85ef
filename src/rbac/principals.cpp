#include "rbac/principals.hpp"

#include "base/encoding.hpp"

#include <functional>

namespace berth::rbac {
namespace {

std::size_t names_in(const SharedList<DenyAssignment>& deny_assignments) {
    std::size_t out = 0;
    for (const auto& each : deny_assignments) out += each.principals.size() + each.excluded_principals.size();
    return out;
}

} // namespace

bool is_everyone(const DeniedPrincipal& principal) noexcept {
    return principal.id.value() == "00000000-0000-0000-0000-000000000000" &&
           equals_ignoring_case(principal.type, "SystemDefined");
}

Principals::Principals(const SharedList<RoleAssignment>& assignments, std::span<const GroupMembership> memberships,
                       const SharedList<DenyAssignment>& deny_assignments)
    : by_id_(assignments.size() + 2 * memberships.size() + names_in(deny_assignments)) {
    Pairs held;
    Pairs groups;
    Pairs denied;
    Pairs excluded;
    for (std::uint32_t i = 0; i < assignments.size(); ++i) held.add(number_of(assignments[i].principal), i);
    for (const auto& membership : memberships) groups.add(number_of(membership.member), number_of(membership.group));
    for (std::uint32_t i = 0; i < deny_assignments.size(); ++i) {
        bool everyone = false;
        for (const auto& principal : deny_assignments[i].principals) {
            if (is_everyone(principal)) {
                everyone = true;
            } else {
                denied.add(number_of(principal.id), i);
            }
        }
        if (everyone) denials_of_everyone_.push_back(i);
        for (const auto& principal : deny_assignments[i].excluded_principals) excluded.add(number_of(principal.id), i);
    }
    assignments_ = group_by(held, ids_.size());
    groups_ = group_by(groups, ids_.size());
    denials_ = group_by(denied, ids_.size());
    exclusions_ = group_by(excluded, ids_.size());
}

Principals::Lists Principals::group_by(const Pairs& pairs, std::size_t size) {
    Lists out;
    out.begin.resize(size + 1);
    out.values.resize(pairs.values.size());
    for (auto key : pairs.keys) ++out.begin[key + 1];
    for (std::size_t i = 0; i < size; ++i) out.begin[i + 1] += out.begin[i];
    auto next = out.begin;
    for (std::size_t i = 0; i < pairs.values.size(); ++i) out.values[next[pairs.keys[i]]++] = pairs.values[i];
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

std::vector<Principals::Reached> Principals::reach(std::uint32_t number, std::span<const std::uint32_t> links) const {
    if (number == none && links.empty()) return {};
    std::vector<bool> seen(ids_.size());
    std::vector<Reached> out;
    const auto add = [&](std::uint32_t found, std::uint32_t from) {
        if (seen[found]) return;
        seen[found] = true;
        out.push_back({found, from, false});
    };
    if (number != none) add(number, 0);
    for (auto link : links) out.push_back({link, static_cast<std::uint32_t>(out.size()), true});
    for (std::uint32_t i = 0; i < out.size(); ++i) {
        for (auto group : groups_.of(out[i].number)) add(group, i);
    }
    return out;
}

} // namespace berth::rbac
