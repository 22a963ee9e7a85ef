#include "control_plane/extended_scope.hpp"

#include "base/encoding.hpp"
#include "control_plane/authorization_ids.hpp"
#include "tenant/resource_store.hpp"

#include <fmt/format.h>

namespace berth::control_plane {

Result<rbac::Scope> find_extended_scope(storage::Session& session, const tenant::World& world, const rbac::Scope& scope) {
    using rbac::ScopeKind;
    if (scope.kind() == ScopeKind::root) return scope;
    if (scope.kind() == ScopeKind::management_group) {
        if (const auto* group = management_group_of(world, scope)) return group->scope;
        return failure(ErrorCode::not_found, fmt::format("The management group '{}' cannot be found.",
                                                         scope.value().substr(scope.value().rfind('/') + 1)));
    }
    const auto* subscription = subscription_of(world, scope);
    if (subscription == nullptr) {
        if (starts_with_ignoring_case(scope.key(), "/subscriptions/")) {
            return failure(ErrorCode::subscription_not_found,
                           fmt::format("The subscription of the scope '{}' could not be found.", scope.value()));
        }
        return failure(ErrorCode::not_found, fmt::format("The scope '{}' was not found.", scope.value()));
    }
    if (scope.kind() == ScopeKind::subscription) {
        return rbac::Scope::parse(fmt::format("/subscriptions/{}", subscription->id.value()));
    }
    auto found = tenant::find_resource(session, scope);
    if (!found) return failure(std::move(found));
    if (*found) return (*found)->scope;
    if (scope.kind() == ScopeKind::resource_group) {
        return failure(ErrorCode::resource_group_not_found, fmt::format("Resource group '{}' could not be found.",
                                                                        scope.value().substr(scope.value().rfind('/') + 1)));
    }
    return failure(ErrorCode::not_found, fmt::format("The Resource '{}' was not found. For more details please go to "
                                                     "https://aka.ms/ARMResourceNotFoundFix",
                                                     scope.value()));
}

} // namespace berth::control_plane
