#pragma once

#include "base/result.hpp"
#include "gateway/route.hpp"
#include "rbac/scope.hpp"
#include "tenant/world.hpp"

#include <cstdint>
#include <string_view>

namespace berth::gateway {

/// What is about to happen to a scope, as locks see it.
enum class LockedAction : std::uint8_t {
    remove, ///< of the thing at the scope itself: locks of both levels at, above and below it forbid it
    detach, ///< of something that hangs on it (an assignment): locks of both levels at and above it forbid it
    change, ///< a write, or an action: `ReadOnly` at and above it forbids it
};

/// `scope_locked` with Azure's sentence, which names the locked scopes, and the locks; nothing where no lock forbids it.
Result<void> check_locks(const tenant::World& world, LockedAction action, const rbac::Scope& scope);

/// The same for a route whose entry was decided at the scope: by the permissions that the entry names, of which those that
/// read never meet a lock, nor do those on locks themselves. Routes that filter decide for themselves. Also refuses to
/// change anything in a subscription that is disabled (`ReadOnlyDisabledSubscription`).
Result<void> check_locks(const tenant::World& world, const Route& route, const rbac::Scope& scope);

} // namespace berth::gateway
