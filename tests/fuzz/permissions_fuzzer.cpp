// The permission objects of a custom role, from a request's body. What is accepted is written back to the same.

#include "base/strict_json.hpp"
#include "rbac/operation_set.hpp"
#include "rbac/role_definition.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace berth::rbac;
    auto json = berth::parse_json({reinterpret_cast<const char*>(data), size});
    if (!json) return 0;
    auto permissions = parse_permissions(*json);
    if (!permissions) {
        if (permissions.error().message.empty()) std::abort();
        return 0;
    }
    auto again = parse_permissions(to_json(*permissions));
    if (!again || *again != *permissions) std::abort();
    for (const auto& permission : *permissions) {
        auto granted = operations_of(permission);
        // A permission object without actions of a kind grants nothing of that kind.
        for (std::size_t i = 0; i < Operation::count(); ++i) {
            auto operation = Operation::at(i);
            const auto& patterns = operation.is_data_action() ? permission.data_actions : permission.actions;
            if (granted.contains(operation) && patterns.empty()) std::abort();
        }
    }
    return 0;
}
