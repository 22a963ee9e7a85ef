#pragma once

#include "base/result.hpp"
#include "tenant/world.hpp"

#include <string_view>

namespace berth::sign_in {

/// Whether the first segment of an authority's path is this directory: its GUID, its name, `common` or `organizations`,
/// without regard to case. `invalid_parameter` as Entra words it (AADSTS90002) for anything else.
Result<void> check_tenant(const tenant::World& world, std::string_view segment);

} // namespace berth::sign_in
