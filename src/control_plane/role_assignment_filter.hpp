#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "control_plane/scope_reach.hpp"
#include "rbac/policy.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace berth::control_plane {

/// Which assignments a list at a scope asks for (azure-rbac-and-arm section 4.3): `atScope()` those there and above;
/// without it those below too; `principalId eq '…'` those of that principal alone; `assignedTo('…')` those of that
/// principal and of every group it is in, through other groups too.
class RoleAssignmentFilter {
public:
    /// `invalid_parameter` for other conditions, for an id that is no GUID, and for `principalId eq` with `atScope()`,
    /// which Azure refuses.
    static Result<RoleAssignmentFilter> parse(std::string_view text, const rbac::Policy& policy, const rbac::Scope& listed_at);

    bool matches(const rbac::RoleAssignment& assignment) const;

private:
    explicit RoleAssignmentFilter(ScopeReach reach) : reach_(std::move(reach)) {}

    ScopeReach reach_;
    bool at_scope_ = false;
    std::optional<std::vector<Guid>> principals_;
};

} // namespace berth::control_plane
