#pragma once

#include "rbac/scope.hpp"

#include <string>

namespace berth::tenant {

/// Keys of rows at a scope and below it: equal to `at`, or from `below` up to but not including `beyond`.
struct ScopeRange {
    std::string at;
    std::string below;
    std::string beyond;
};

/// The scope and what lies below it by its path.
ScopeRange range_of(const rbac::Scope& scope);
/// What is counted together with a scope against a limit: the whole subscription that it is in, or, above subscriptions,
/// the scope alone.
ScopeRange counted_with(const rbac::Scope& scope);

} // namespace berth::tenant
