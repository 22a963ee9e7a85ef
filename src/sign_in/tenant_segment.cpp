#include "sign_in/tenant_segment.hpp"

#include "base/encoding.hpp"
#include "sign_in/entra_error.hpp"

#include <fmt/format.h>

namespace berth::sign_in {

Result<void> check_tenant(const tenant::World& world, std::string_view segment) {
    for (const std::string_view known : {std::string_view(world.tenant_id.value()), std::string_view(world.tenant_name),
                                         std::string_view("common"), std::string_view("organizations")}) {
        if (equals_ignoring_case(known, segment)) return {};
    }
    return entra_failure(ErrorCode::invalid_parameter, "invalid_tenant", 90002,
                         fmt::format("Tenant '{}' not found. Check to make sure you have the correct tenant ID and are "
                                     "signing into the correct cloud.",
                                     segment));
}

} // namespace berth::sign_in
