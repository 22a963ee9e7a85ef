#pragma once

#include "rbac/assignment.hpp"
#include "rbac/denials.hpp"
#include "rbac/hash_index.hpp"
#include "rbac/operation_set.hpp"
#include "rbac/role_operations.hpp"
#include "rbac/scope.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace berth::rbac {

/// One assignment with what it can grant. Points into the policy.
struct Grant {
    const RoleAssignment* assignment;
    const RoleDefinition* role;       ///< nullptr if unknown
    const RoleOperations* operations; ///< what the role grants; empty if unknown
    bool is_conditional() const noexcept { return assignment->condition || !operations->conditional.empty(); }
};

/// All that a set of principals (one and its groups) holds and is denied, ordered by scope, so that deciding reads little.
/// Immutable. Inside this room only.
class Standing {
public:
    /// What is held at one scope.
    struct Holding {
        const Scope* scope;
        OperationSet operations; ///< of all grants together, conditions left aside
        // Indexes of grants: those from `decisive_end` on grant nothing that an unconditional one before does not, so a
        // decision need not look at them and an explanation will.
        std::uint32_t begin;
        std::uint32_t decisive_end;
        std::uint32_t end;
    };

    /// The order of grants is kept within a scope, as far as decisive ones need not come first.
    explicit Standing(std::span<const Grant> grants, std::vector<Denial> denials = {});

    /// What is held at a scope that is named as a level of a request's scope; nullptr for nothing.
    const Holding* at(const Scope::Level& level, const char* key) const noexcept;
    std::span<const Holding> holdings() const noexcept { return holdings_; }
    std::span<const Grant> decisive(const Holding& holding) const noexcept {
        return std::span(grants_).subspan(holding.begin, holding.decisive_end - holding.begin);
    }
    std::span<const Grant> all(const Holding& holding) const noexcept {
        return std::span(grants_).subspan(holding.begin, holding.end - holding.begin);
    }
    const Denials& denials() const noexcept { return denials_; }
    /// Roughly what it takes in memory.
    std::size_t bytes() const noexcept;

private:
    std::uint32_t find(const Scope::Level& level, const char* key) const noexcept;

    std::vector<Grant> grants_; // by scope; in a scope the decisive ones first
    std::vector<Holding> holdings_;
    HashIndex by_scope_;
    Denials denials_;
};

} // namespace berth::rbac
