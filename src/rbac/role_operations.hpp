#pragma once

#include "rbac/condition.hpp"
#include "rbac/operation_set.hpp"
#include "rbac/role_definition.hpp"

#include <vector>

namespace berth::rbac {

/// What a role grants, kept apart by what it depends on. Immutable once made; shared between policies. Inside this room
/// only.
struct RoleOperations {
    OperationSet all;           ///< of all permission objects, conditions left aside
    OperationSet unconditional; ///< of those without a condition

    /// A permission object with a condition, as far as it grants what no object without one does.
    struct Conditional {
        OperationSet operations;
        ConditionPointer condition; ///< never null
    };
    std::vector<Conditional> conditional;

    RoleOperations() = default;
    explicit RoleOperations(const RoleDefinition& role);
};

} // namespace berth::rbac
