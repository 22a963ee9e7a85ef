#include "control_plane/role_assignment_filter.hpp"

#include "gateway/filter.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace berth::control_plane {

Result<RoleAssignmentFilter> RoleAssignmentFilter::parse(std::string_view text, const rbac::Policy& policy,
                                                         const rbac::Scope& listed_at) {
    auto terms = gateway::parse_filter(text);
    if (!terms) return failure(std::move(terms));
    RoleAssignmentFilter out(ScopeReach(policy, listed_at));
    bool by_principal = false;
    for (const auto& term : *terms) {
        if (term.is_call("atScope", 0)) {
            out.at_scope_ = true;
            continue;
        }
        const bool is_principal = term.is_equality("principalId");
        if ((!is_principal && !term.is_call("assignedTo", 1)) || out.principals_) {
            return failure(ErrorCode::invalid_parameter,
                           fmt::format("The $filter condition {} is not supported here: use atScope(), principalId eq "
                                       "'…', assignedTo('…'), or atScope() and assignedTo('…').",
                                       term.to_string()));
        }
        const auto id = Guid::parse(term.values.front());
        if (!id) {
            return failure(ErrorCode::invalid_parameter,
                           fmt::format("'{}' in the $filter is no object id.", term.values.front()));
        }
        out.principals_.emplace();
        if (!is_principal) out.principals_ = policy.groups_of(*id);
        out.principals_->push_back(*id);
        by_principal = by_principal || is_principal;
    }
    if (by_principal && out.at_scope_) {
        return failure(ErrorCode::invalid_parameter,
                       "'principalId eq' cannot be combined with 'atScope()'. Use assignedTo('…') instead.");
    }
    return out;
}

bool RoleAssignmentFilter::matches(const rbac::RoleAssignment& assignment) const {
    if (!reach_.is_at_or_above(assignment.scope) && (at_scope_ || !reach_.is_below(assignment.scope))) return false;
    return !principals_ || std::ranges::find(*principals_, assignment.principal) != principals_->end();
}

} // namespace berth::control_plane
