#pragma once

#include "base/result.hpp"
#include "tenant/registry.hpp"

#include <string_view>

namespace berth::gateway {

/// Whether the registry's network rules let in a client at this address, before anybody asks who it is: `network_forbidden`
/// in ACR's words, with what would help.
Result<void> check_network(const tenant::Registry& registry, std::string_view address);

} // namespace berth::gateway
