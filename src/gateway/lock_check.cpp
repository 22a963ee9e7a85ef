#include "gateway/lock_check.hpp"

#include "base/encoding.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

namespace berth::gateway {
namespace {

using tenant::LockLevel;
using tenant::ResourceLock;

bool forbids(const ResourceLock& lock, LockedAction action, const rbac::Scope& scope) {
    if (lock.level == LockLevel::can_not_delete && action == LockedAction::change) return false;
    if (lock.scope.covers(scope)) return true;
    return action == LockedAction::remove && scope.covers(lock.scope);
}

// The name of who made it, as people know them.
std::string maker(const tenant::World& world, const ResourceLock& lock) {
    const auto id = Guid::parse(lock.created_by);
    const auto* principal = id ? world.find_principal(*id) : nullptr;
    return principal != nullptr ? principal->display_name : lock.created_by;
}

std::unexpected<Error> refuse(const tenant::World& world, LockedAction action, const rbac::Scope& scope,
                              const std::vector<const ResourceLock*>& locks) {
    std::string scopes;
    std::string names;
    for (const ResourceLock* lock : locks) {
        scopes += fmt::format("{}'{}'", scopes.empty() ? "" : ",", lock->scope.value());
        names += fmt::format("{}'{}' ({}, made by '{}'{})", names.empty() ? "" : ", ", lock->name, to_text(lock->level),
                             maker(world, *lock), lock->notes ? fmt::format(", notes: {}", *lock->notes) : "");
    }
    return failure(ErrorCode::scope_locked,
                   fmt::format("The scope '{}' cannot perform {} operation because following scope(s) are locked: {}. Please "
                               "remove the lock and try again. No role helps against a lock: {} to be deleted, which needs "
                               "'Microsoft.Authorization/locks/delete' there: {}.",
                               scope.value(), action == LockedAction::change ? "write" : "delete", scopes,
                               locks.size() == 1 ? "it has" : "they have", names));
}

// What the entry's permissions do; nullopt for what only reads or is about locks.
std::optional<LockedAction> action_of(const Route& route) {
    std::optional<LockedAction> out;
    for (const Permission* permission : route.entry.permissions) {
        const std::string name = to_lower(permission->name);
        if (!permission->directory_permission.empty() || name.ends_with("/read")) continue;
        if (name.starts_with("microsoft.authorization/locks/")) return std::nullopt;
        if (!name.ends_with("/delete")) return LockedAction::change;
        out = route.pattern == route.scope ? LockedAction::remove : LockedAction::detach;
    }
    return out;
}

const tenant::Subscription* subscription_at(const tenant::World& world, const rbac::Scope& scope) {
    constexpr std::string_view prefix = "/subscriptions/";
    if (!scope.key().starts_with(prefix)) return nullptr;
    const std::string_view rest = std::string_view(scope.key()).substr(prefix.size());
    return world.find_subscription(rest.substr(0, rest.find('/')));
}

} // namespace

Result<void> check_locks(const tenant::World& world, LockedAction action, const rbac::Scope& scope) {
    std::vector<const ResourceLock*> found;
    for (const ResourceLock& lock : world.locks()) {
        if (forbids(lock, action, scope)) found.push_back(&lock);
    }
    if (found.empty()) return {};
    return refuse(world, action, scope, found);
}

Result<void> check_locks(const tenant::World& world, const Route& route, const rbac::Scope& scope) {
    if (route.protocol != Protocol::resource_manager || route.entry.kind == EntryKind::filter) return {};
    const auto action = action_of(route);
    if (!action) return {};
    const auto* subscription = subscription_at(world, scope);
    if (subscription != nullptr && !subscription->enabled && *action == LockedAction::change &&
        !route.id.starts_with("arm.subscription.")) {
        Error error{ErrorCode::conflict,
                    fmt::format("The subscription '{}' is disabled and therefore marked as read only. You cannot perform any "
                                "write actions on this subscription until it is re-enabled.",
                                subscription->id.value())};
        error.protocol_code = "ReadOnlyDisabledSubscription";
        return std::unexpected(std::move(error));
    }
    return check_locks(world, *action, scope);
}

} // namespace berth::gateway
