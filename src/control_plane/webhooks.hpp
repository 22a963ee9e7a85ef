#pragma once

#include "control_plane/resource_type.hpp"
#include "identity/seal.hpp"

namespace berth::control_plane {

/// `Microsoft.ContainerRegistry/registries/webhooks`: where to tell of which events. This version keeps them and delivers
/// nothing: `ping` is refused and `listEvents` is empty. The address and the headers, which may hold secrets, are kept under
/// `seal` and shown by `getCallbackConfig` only.
ResourceType webhooks(const identity::Seal& seal);

inline constexpr std::string_view webhook_type = "Microsoft.ContainerRegistry/registries/webhooks";

} // namespace berth::control_plane
