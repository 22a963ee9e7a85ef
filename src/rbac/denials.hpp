#pragma once

#include "rbac/deny_assignment.hpp"
#include "rbac/hash_index.hpp"
#include "rbac/operation_set.hpp"
#include "rbac/scope.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace berth::rbac {

/// One deny assignment with what it denies. Points into the policy.
struct Denial {
    const DenyAssignment* assignment;
    const OperationSet* operations;
    bool is_exempt = false; ///< the principal is among those it does not apply to
};

/// All deny assignments that name a principal, ordered by scope. Immutable. Inside this room only.
class Denials {
public:
    Denials() = default;
    /// The order is kept within a scope.
    explicit Denials(std::vector<Denial> denials);

    /// What is denied somewhere: what is not in it need not be looked for.
    const OperationSet& operations() const noexcept { return operations_; }
    /// Those at a scope that is named as a level of a request's scope.
    std::span<const Denial> at(const Scope::Level& level, const char* key) const noexcept;
    std::span<const Denial> all() const noexcept { return denials_; }
    std::size_t bytes() const noexcept { return denials_.capacity() * sizeof(Denial) + by_scope_.bytes(); }

private:
    std::vector<Denial> denials_; // those of one scope stand side by side
    HashIndex by_scope_;          // the first of each scope
    OperationSet operations_;     // of those that are not exempt
};

} // namespace berth::rbac
