#include "control_plane/resource_groups.hpp"

#include "base/names.hpp"

namespace berth::control_plane {

ResourceType resource_groups() {
    return {
        .name = "Microsoft.Resources/resourceGroups",
        .operations = "Microsoft.Resources/subscriptions/resourceGroups",
        .noun = "resource group",
        .event = "resourceGroup",
        .is_group = true,
        .has_system_data = false,
        .delete_absent_is_an_error = true,
        .is_valid_name = is_resource_group_name,
        .name_rule = "The provided resource group name '{}' is not valid: it has 1 to 90 letters, digits, underscores, "
                     "hyphens, periods and parentheses, and does not end in a period.",
        .properties = {{.name = "provisioningState", .initial = "Succeeded"}},
        .api_versions = {"2025-04-01", "2024-11-01", "2022-09-01", "2021-04-01"},
    };
}

} // namespace berth::control_plane
