#include "tenant/administrators.hpp"

#include "base/encoding.hpp"
#include "rbac/operation_set.hpp"
#include "tenant/authorization_store.hpp"
#include "tenant/columns.hpp"
#include "tenant/management_group.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

namespace berth::tenant {
namespace {

using storage::Rows;
using storage::Session;

bool administers(const rbac::RoleDefinition& role) {
    static const auto write = rbac::Operation::known("Microsoft.Authorization/roleAssignments/write");
    return std::ranges::any_of(role.permissions, [](const rbac::Permission& permission) {
        return !permission.condition && rbac::operations_of(permission).contains(write);
    });
}

struct Held {
    std::string scope_key;
    Guid role;
};

// Assignments at or above subscriptions whose holder can sign in: by themselves, or as a member of the group.
Result<std::vector<Held>> read_held(Session& session) {
    return collect(
        session,
        "with recursive able(id) as (select id from principals where enabled <> 0 and kind <> 'Group' union "
        "select group_members.group_id from group_members join able on able.id = group_members.member_id) "
        "select distinct scope_key, role_definition_id from role_assignments where condition is null and "
        "(scope_key = '/' or (scope_key >= '/providers/microsoft.management/managementgroups/' and "
        "scope_key < '/providers/microsoft.management/managementgroups0') or "
        "scope_key in (select '/subscriptions/' || id from subscriptions)) and principal_id in (select id from able)",
        [](const Rows& rows) -> Result<Held> {
            auto role = guid_column(rows, 1, "role of a role assignment");
            if (!role) return failure(std::move(role));
            return Held{std::string(rows.text(0)), std::move(*role)};
        });
}

} // namespace

Result<bool> role_administers(Session& session, const Guid& id) {
    if (const auto* built_in = rbac::find_built_in_role(id)) return administers(*built_in);
    auto role = find_role_definition(session, id);
    if (!role) return failure(std::move(role));
    return *role && administers(**role);
}

Result<AdministeredSubscriptions> read_administered(Session& session) {
    auto held = read_held(session);
    if (!held) return failure(std::move(held));
    std::map<Guid, bool> roles;
    std::set<std::string> scopes; // at which somebody administers
    for (const Held& one : *held) {
        const auto [role, is_new] = roles.emplace(one.role, false);
        if (is_new) {
            auto grants = role_administers(session, one.role);
            if (!grants) return failure(std::move(grants));
            role->second = *grants;
        }
        if (role->second) scopes.insert(one.scope_key);
    }

    using Pair = std::pair<std::string, std::string>;
    const auto pair = [](const Rows& rows) -> Result<Pair> {
        return Pair(rows.text(0), rows.optional_text(1).value_or(std::string()));
    };
    auto groups = collect(session, "select name_key, parent_key from management_groups", pair);
    if (!groups) return failure(std::move(groups));
    const std::map<std::string, std::string> parents(groups->begin(), groups->end());
    auto subscriptions = collect(session, "select id, coalesce(management_group_key, tenant_id) from subscriptions", pair);
    if (!subscriptions) return failure(std::move(subscriptions));
    AdministeredSubscriptions out;
    for (const auto& [subscription, group] : *subscriptions) {
        bool administered = scopes.contains("/") || scopes.contains(fmt::format("/subscriptions/{}", subscription));
        auto at = parents.find(group);
        for (std::size_t steps = 0; !administered && at != parents.end() && steps <= parents.size(); ++steps) {
            administered = scopes.contains(management_group_scope(at->first).key());
            at = parents.find(at->second);
        }
        if (administered) out.insert(subscription);
    }
    return out;
}

Result<void> expect_administered(Session& session, const AdministeredSubscriptions& before) {
    if (before.empty()) return {};
    auto now = read_administered(session);
    if (!now) return failure(std::move(now));
    for (const std::string& subscription : before) {
        if (now->contains(subscription)) continue;
        return failure(ErrorCode::last_administrator,
                       fmt::format("Cannot delete the last RBAC admin assignment. Nobody else who is enabled could give roles "
                                   "in the subscription '{}'. Assign Owner or User Access Administrator to another principal "
                                   "there first.",
                                   subscription));
    }
    return {};
}

} // namespace berth::tenant
