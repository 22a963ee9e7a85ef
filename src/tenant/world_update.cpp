#include "tenant/world_update.hpp"

#include "base/encoding.hpp"
#include "tenant/authorization_store.hpp"
#include "tenant/columns.hpp"
#include "tenant/deny_assignment_store.hpp"
#include "tenant/world_rows.hpp"

#include <algorithm>
#include <tuple>

namespace berth::tenant {
namespace {

using storage::Session;

// The orders in which the whole lists are read.
struct RoleOrder {
    bool operator()(const rbac::RoleDefinition& left, const rbac::RoleDefinition& right) const {
        return std::pair(to_lower(left.name), left.id) < std::pair(to_lower(right.name), right.id);
    }
};
struct AssignmentOrder {
    bool operator()(const rbac::RoleAssignment& left, const rbac::RoleAssignment& right) const {
        const auto key = [](const rbac::RoleAssignment& one) {
            return std::tie(one.scope.key(), one.role_definition, one.principal);
        };
        return key(left) < key(right);
    }
};
struct DenyOrder {
    bool operator()(const rbac::DenyAssignment& left, const rbac::DenyAssignment& right) const {
        return std::tie(left.scope.key(), left.id) < std::tie(right.scope.key(), right.id);
    }
};

// Takes the records with these ids out of the list and puts those that `read(id)` finds in, in order.
template <class T, class Order, class Read>
Result<void> update(rbac::SharedList<T>& list, const std::set<Guid>& ids, Order order, Read read) {
    if (ids.empty()) return {};
    auto records = list.pointers();
    std::erase_if(records, [&](const auto& record) { return ids.contains(record->id); });
    for (const Guid& id : ids) {
        auto found = read(id);
        if (!found) return failure(std::move(found));
        if (!*found) continue;
        auto record = std::make_shared<const T>(std::move(**found));
        const auto place = std::ranges::upper_bound(records, *record, order, [](const auto& one) -> const T& { return *one; });
        records.insert(place, std::move(record));
    }
    list = rbac::SharedList<T>(std::move(records));
    return {};
}

Result<void> update_memberships(Session& session, std::vector<rbac::GroupMembership>& memberships,
                                const std::set<std::pair<Guid, Guid>>& changed) {
    const auto key = [](const rbac::GroupMembership& one) { return std::tie(one.group, one.member); };
    for (const auto& [group, member] : changed) {
        auto there =
            exists(session, "select 1 from memberships where group_id = ?1 and member_id = ?2", group.value(), member.value());
        if (!there) return failure(std::move(there));
        const auto place = std::ranges::lower_bound(memberships, std::tie(group, member), {}, key);
        const bool known = place != memberships.end() && key(*place) == std::tie(group, member);
        if (*there && !known) memberships.insert(place, {group, member});
        if (!*there && known) memberships.erase(place);
    }
    return {};
}

Result<std::shared_ptr<const PrincipalTable>> updated_principals(Session& session, const World& previous,
                                                                 const std::set<Guid>& changed) {
    std::vector<Principal> principals(previous.principals().begin(), previous.principals().end());
    std::erase_if(principals, [&](const Principal& principal) { return changed.contains(principal.id); });
    for (const Guid& id : changed) {
        auto found = read_principal(session, id);
        if (!found) return failure(std::move(found));
        if (!*found) continue;
        const auto place = std::ranges::upper_bound(principals, id, {}, &Principal::id);
        principals.insert(place, std::move(**found));
    }
    return std::make_shared<const PrincipalTable>(std::move(principals));
}

Result<std::shared_ptr<const rbac::Policy>> updated_policy(Session& session, const WorldParts& parts,
                                                           const WorldChanges& changes) {
    rbac::PolicyInput input = parts.policy->input();
    auto roles = update(input.custom_roles, changes.role_definitions, RoleOrder(),
                        [&](const Guid& id) { return find_role_definition(session, id); });
    if (!roles) return failure(std::move(roles));
    auto assignments = update(input.assignments, changes.role_assignments, AssignmentOrder(),
                              [&](const Guid& id) { return find_role_assignment(session, id); });
    if (!assignments) return failure(std::move(assignments));
    auto deny_assignments = update(input.deny_assignments, changes.deny_assignments, DenyOrder(),
                                   [&](const Guid& id) { return find_deny_assignment(session, id); });
    if (!deny_assignments) return failure(std::move(deny_assignments));
    auto memberships = update_memberships(session, input.memberships, changes.memberships);
    if (!memberships) return failure(std::move(memberships));
    if (changes.places) input.management_groups = management_group_memberships(parts);
    return rbac::Policy::compile(std::move(input), parts.policy.get());
}

} // namespace

Result<WorldParts> read_changed_parts(Session& session, const LoginServerNaming& naming, const World& previous,
                                      const WorldChanges& changes) {
    WorldParts parts = previous.parts();
    parts.sequence = changes.sequence;
    if (changes.places) {
        auto places = read_places(session);
        if (!places) return failure(std::move(places));
        parts.tenant_id = std::move(places->tenant_id);
        parts.tenant_name = std::move(places->tenant_name);
        parts.subscriptions = std::move(places->subscriptions);
        parts.management_groups = std::move(places->management_groups);
    }
    if (changes.registries) {
        auto registries = read_registries(session, naming);
        if (!registries) return failure(std::move(registries));
        parts.registries = std::move(*registries);
    }
    if (changes.tokens) {
        auto tokens = read_tokens(session);
        if (!tokens) return failure(std::move(tokens));
        parts.tokens = std::move(*tokens);
    }
    if (changes.locks) {
        auto locks = read_locks(session);
        if (!locks) return failure(std::move(locks));
        parts.locks = std::move(*locks);
    }
    if (!changes.principals.empty()) {
        auto principals = updated_principals(session, previous, changes.principals);
        if (!principals) return failure(std::move(principals));
        parts.principals = std::move(*principals);
    }
    if (changes.places || !changes.memberships.empty() || !changes.role_definitions.empty() ||
        !changes.role_assignments.empty() || !changes.deny_assignments.empty()) {
        auto policy = updated_policy(session, parts, changes);
        if (!policy) return failure(std::move(policy));
        parts.policy = std::move(*policy);
    }
    return parts;
}

} // namespace berth::tenant
