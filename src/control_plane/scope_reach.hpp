#pragma once

#include "rbac/policy.hpp"
#include "rbac/scope.hpp"

#include <string>
#include <unordered_set>

namespace berth::control_plane {

/// What lies above and below a scope, management groups included: for lists at that scope. The policy must outlive it.
class ScopeReach {
public:
    ScopeReach(const rbac::Policy& policy, const rbac::Scope& at) : policy_(&policy), at_(at) {
        for (const rbac::Scope& scope : policy.scopes_above(at)) above_.insert(scope.key());
    }

    bool is_at_or_above(const rbac::Scope& scope) const { return above_.contains(scope.key()); }
    bool is_below(const rbac::Scope& scope) const { return scope != at_ && policy_->covers(at_, scope); }

private:
    const rbac::Policy* policy_;
    rbac::Scope at_;
    std::unordered_set<std::string> above_; // keys, its own among them
};

} // namespace berth::control_plane
