#pragma once

#include "base/guid.hpp"
#include "rbac/assignment.hpp"
#include "rbac/deny_assignment.hpp"
#include "rbac/hash_index.hpp"
#include "rbac/shared_list.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace berth::rbac {

/// Everybody whom the assignments and memberships of a policy name, by number, and who is in which group. Numbers run
/// from 0; groups are principals like others. Inside this room only.
class Principals {
public:
    static constexpr std::uint32_t none = HashIndex::none;

    /// Keeps references to the records and the memberships.
    Principals(const SharedList<RoleAssignment>& assignments, std::span<const GroupMembership> memberships,
               const SharedList<DenyAssignment>& deny_assignments);

    std::size_t size() const noexcept { return ids_.size(); }
    std::uint32_t find(const Guid& id) const noexcept;
    const Guid& id(std::uint32_t number) const noexcept { return *ids_[number]; }

    /// The assignments, by index, that are made to this principal itself.
    std::span<const std::uint32_t> assignments_of(std::uint32_t number) const noexcept { return assignments_.of(number); }
    /// The deny assignments, by index, that name this principal itself; that exclude it; and that name everyone.
    std::span<const std::uint32_t> denials_of(std::uint32_t number) const noexcept { return denials_.of(number); }
    std::span<const std::uint32_t> exclusions_of(std::uint32_t number) const noexcept { return exclusions_.of(number); }
    std::span<const std::uint32_t> denials_of_everyone() const noexcept { return denials_of_everyone_; }
    /// Whether any assignment or deny assignment names this principal itself.
    bool is_named(std::uint32_t number) const noexcept {
        return !assignments_of(number).empty() || !denials_of(number).empty() || !exclusions_of(number).empty();
    }

    /// One principal that was reached from another through memberships.
    struct Reached {
        std::uint32_t number;
        std::uint32_t from;   ///< index of the element that led here; of itself for those that it began with
        bool is_link = false; ///< led here, and counts for nothing itself: whatever names its id is not the subject's
    };
    /// The principal itself and these links, then every group that they are in, transitively, each once and by a shortest way.
    /// For `none` only the links and what they lead to.
    std::vector<Reached> reach(std::uint32_t number, std::span<const std::uint32_t> links = {}) const;

private:
    // For each principal a list of numbers; all lists stand in one vector.
    struct Lists {
        std::vector<std::uint32_t> begin;
        std::vector<std::uint32_t> values;
        std::span<const std::uint32_t> of(std::uint32_t number) const noexcept {
            return std::span(values).subspan(begin[number], begin[number + 1] - begin[number]);
        }
    };
    // What the lists are made of: to whom which number belongs.
    struct Pairs {
        std::vector<std::uint32_t> keys;
        std::vector<std::uint32_t> values;
        void add(std::uint32_t key, std::uint32_t value) {
            keys.push_back(key);
            values.push_back(value);
        }
    };
    static Lists group_by(const Pairs& pairs, std::size_t size);
    std::uint32_t number_of(const Guid& id);

    std::vector<const Guid*> ids_;
    HashIndex by_id_;
    Lists assignments_; // by holder
    Lists groups_;      // by member
    Lists denials_;
    Lists exclusions_;
    std::vector<std::uint32_t> denials_of_everyone_;
};

/// Whether a deny assignment names everyone so: the null GUID with the type `SystemDefined`.
bool is_everyone(const DeniedPrincipal& principal) noexcept;

} // namespace berth::rbac
