#pragma once

#include "base/guid.hpp"
#include "rbac/assignment.hpp"
#include "rbac/hash_index.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace berth::rbac {

/// Everybody whom the assignments and memberships of a policy name, by number, and who is in which group. Numbers run
/// from 0; groups are principals like others. Inside this room only.
class Principals {
public:
    static constexpr std::uint32_t none = HashIndex::none;

    /// Keeps references into both spans.
    Principals(std::span<const RoleAssignment> assignments, std::span<const GroupMembership> memberships);

    std::size_t size() const noexcept { return ids_.size(); }
    std::uint32_t find(const Guid& id) const noexcept;
    const Guid& id(std::uint32_t number) const noexcept { return *ids_[number]; }
    /// The assignments, by index, that are made to this principal itself.
    std::span<const std::uint32_t> assignments_of(std::uint32_t number) const noexcept { return assignments_.of(number); }

    /// One principal that was reached from another through memberships.
    struct Reached {
        std::uint32_t number;
        std::uint32_t from; ///< index of the element that led here; of itself for the first
    };
    /// The principal itself, then every group it is in, transitively, each once and by a shortest way.
    std::vector<Reached> reach(std::uint32_t number) const;

private:
    // For each principal a list of numbers; all lists stand in one vector.
    struct Lists {
        std::vector<std::uint32_t> begin;
        std::vector<std::uint32_t> values;
        std::span<const std::uint32_t> of(std::uint32_t number) const noexcept {
            return std::span(values).subspan(begin[number], begin[number + 1] - begin[number]);
        }
    };
    static Lists group_by(std::span<const std::uint32_t> keys, std::span<const std::uint32_t> values, std::size_t size);
    std::uint32_t number_of(const Guid& id);

    std::vector<const Guid*> ids_;
    HashIndex by_id_;
    Lists assignments_; // by holder
    Lists groups_;      // by member
};

} // namespace berth::rbac
