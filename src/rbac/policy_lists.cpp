// What a policy answers beside decisions: scopes, groups, effective permissions.

#include "rbac/compiled_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace berth::rbac {
namespace {

// The condition under which a permission object counts whose role is assigned under another.
ConditionPointer both(const ConditionPointer& of_assignment, const ConditionPointer& of_permission) {
    if (!of_assignment || !of_permission) return of_assignment ? of_assignment : of_permission;
    const auto text = fmt::format("(({}) AND ({}))", of_assignment->text(), of_permission->text());
    auto parsed = Condition::parse(text);
    // Too long for one condition, or unreadable as its parts: to be shown all the same, and nothing stands on it.
    return parsed ? *parsed : Condition::never(text);
}

} // namespace

std::vector<Scope> CompiledPolicy::scopes_above(const Scope& scope) const {
    std::vector<Scope> out;
    visit_upward(scope, [&](const Scope::Level& level, const Scope& of) {
        // A key is as long as what was written.
        auto found = Scope::parse(std::string_view(of.value()).substr(0, level.length));
        if (found) out.push_back(std::move(*found));
        return false;
    });
    return out;
}

bool CompiledPolicy::has_assignment_near(const Subject& subject, const Scope& scope) const {
    auto standing = standing_of(subject);
    return std::ranges::any_of(standing->holdings(), [&](const Standing::Holding& holding) {
        return covers(*holding.scope, scope) || covers(scope, *holding.scope);
    });
}

std::vector<Permission> CompiledPolicy::permissions_at(const Subject& subject, const Scope& scope) const {
    auto standing = standing_of(subject);
    // Each role under each condition once, in the order of the walk.
    std::vector<const Grant*> found;
    std::set<std::pair<const RoleDefinition*, std::string_view>> seen;
    std::set<const RoleDefinition*> whole;
    visit_upward(scope, [&](const Scope::Level& level, const Scope& of) {
        const auto* holding = standing->at(level, of.key().data());
        if (!holding) return false;
        for (const auto& grant : standing->all(*holding)) {
            if (!grant.role) continue;
            const auto& condition = grant.assignment->condition;
            const bool is_new =
                condition ? seen.emplace(grant.role, condition->text()).second : whole.insert(grant.role).second;
            if (is_new) found.push_back(&grant);
        }
        return false;
    });
    std::vector<Permission> out;
    for (const auto* grant : found) {
        const auto& condition = grant->assignment->condition;
        if (condition && whole.contains(grant->role)) continue;
        for (const auto& permission : grant->role->permissions) {
            out.push_back(permission);
            out.back().condition = both(condition, permission.condition);
        }
    }
    return out;
}

std::vector<Guid> CompiledPolicy::groups_of(const Guid& principal) const {
    std::vector<Guid> out;
    auto number = principals_.find(principal);
    if (number == Principals::none) return out;
    auto reached = principals_.reach(number);
    for (std::size_t i = 1; i < reached.size(); ++i) out.push_back(principals_.id(reached[i].number));
    return out;
}

} // namespace berth::rbac
