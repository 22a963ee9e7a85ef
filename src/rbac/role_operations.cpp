#include "rbac/role_operations.hpp"

#include <algorithm>

namespace berth::rbac {

RoleOperations::RoleOperations(const RoleDefinition& role) {
    for (const auto& permission : role.permissions) {
        auto operations = operations_of(permission);
        all |= operations;
        if (permission.condition) {
            conditional.push_back({operations, permission.condition});
        } else {
            unconditional |= operations;
        }
    }
    for (auto& part : conditional) part.operations -= unconditional;
    std::erase_if(conditional, [](const Conditional& part) { return part.operations.empty(); });
}

} // namespace berth::rbac
