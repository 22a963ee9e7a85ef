#pragma once

#include "rbac/assignment.hpp"
#include "rbac/hash_index.hpp"
#include "rbac/scope.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace berth::rbac {

/// Which management groups a subscription or a management group lies in. Immutable; keeps references to the scopes it was
/// made of. Inside this room only.
class ManagementGroups {
public:
    /// What lies above the 64th group is not seen (Azure nests six deep). A way that comes back to where it was ends
    /// there. Of several memberships of one member the first counts; memberships in what is no management group, or of
    /// what is neither that nor a subscription, are not looked at.
    static constexpr std::size_t most_nested = 64;

    explicit ManagementGroups(std::span<const ManagementGroupMembership> memberships);

    /// The groups above the scope that is named as a level of another, nearest first, without `/`.
    std::span<const Scope* const> above(const Scope::Level& level, const char* key) const noexcept {
        return members_.empty() ? std::span<const Scope* const>() : look_up(level, key);
    }
    /// Whether `below` is the scope `above` or lies below it, by its path or by membership.
    bool covers(const Scope& above, const Scope& below) const noexcept;

private:
    struct Member {
        const Scope* scope;
        const Scope* group;                // that it is directly in
        std::vector<const Scope*> above{}; // that group and the ones above it
    };
    std::uint32_t find(const Scope::Level& level, const char* key) const noexcept;
    std::span<const Scope* const> look_up(const Scope::Level& level, const char* key) const noexcept;

    std::vector<Member> members_;
    HashIndex by_scope_;
};

} // namespace berth::rbac
