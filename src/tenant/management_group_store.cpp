#include "tenant/management_group_store.hpp"

#include "base/encoding.hpp"
#include "base/names.hpp"
#include "tenant/administrators.hpp"
#include "tenant/columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace berth::tenant {
namespace {

using storage::Rows;
using storage::Session;

std::unexpected<Error> no_such_group(std::string_view name) {
    return failure(ErrorCode::not_found, fmt::format("The management group '{}' cannot be found.", name));
}

// Where a group would come to stand: its depth under the root group plus what it carries below itself.
Result<void> check_place(Session& session, const Guid& tenant, const std::string& name_key, const std::string& parent_key) {
    auto groups = list_management_groups(session, tenant);
    if (!groups) return failure(std::move(groups));
    std::unordered_map<std::string, std::string> parents;
    for (const ManagementGroup& group : *groups) {
        if (group.parent) parents.emplace(to_lower(group.name), to_lower(*group.parent));
    }
    parents.insert_or_assign(name_key, parent_key);
    // A circle never reaches the root group: the walk ends after as many steps as there are groups.
    const auto depth_of = [&](std::string at) {
        std::size_t depth = 0;
        while (at != tenant.value() && depth <= parents.size()) {
            const auto parent = parents.find(at);
            if (parent == parents.end()) break;
            at = parent->second;
            ++depth;
        }
        return depth;
    };
    if (depth_of(name_key) > parents.size()) {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("The management group '{}' cannot be in '{}', which is in it.", name_key, parent_key));
    }
    for (const auto& [group, parent] : parents) {
        if (depth_of(group) > max_management_group_depth) {
            return failure(ErrorCode::invalid_parameter,
                           fmt::format("Management groups can be nested {} levels deep under the root group. With '{}' in "
                                       "'{}' there would be more.",
                                       max_management_group_depth, name_key, parent_key));
        }
    }
    return {};
}

Result<bool> has_group(Session& session, const std::string& name_key) {
    return exists(session, "select 1 from management_groups where name_key = ?1", name_key);
}

} // namespace

rbac::Scope management_group_scope(std::string_view name) {
    auto scope = rbac::Scope::parse(fmt::format("/providers/Microsoft.Management/managementGroups/{}", name));
    return scope ? std::move(*scope) : rbac::Scope::root();
}

bool is_management_group_name(std::string_view name) noexcept {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-_().").find(c) != std::string_view::npos;
    };
    // Not "." and "..": neither is a segment of a path.
    return !name.empty() && name.size() <= 90 && std::ranges::all_of(name, allowed) && !name.ends_with('.');
}

Result<void> ensure_root_management_group(Session& session, const Guid& tenant, Timestamp now) {
    auto made = session.execute(
        "insert into management_groups(name_key, tenant_id, name, display_name, parent_key, created_at, created_by, "
        "updated_at, updated_by) values (?1, ?1, ?1, 'Tenant Root Group', null, ?2, '', ?2, '') on conflict do nothing",
        tenant.value(), now);
    if (!made) return failure(std::move(made));
    return {};
}

Result<bool> put_management_group(Session& session, const Guid& tenant, const ManagementGroupWrite& group) {
    if (!is_management_group_name(group.name)) {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("'{}' is no name for a management group: use 1 to 90 letters, digits and - _ ( ) ., not "
                                   "ending in a period.",
                                   group.name.substr(0, 100)));
    }
    const std::string name_key = to_lower(group.name);
    auto known = has_group(session, name_key);
    if (!known) return failure(std::move(known));
    if (name_key == tenant.value()) {
        auto renamed = session.execute(
            "update management_groups set display_name = ?2, updated_at = ?3, updated_by = ?4 where name_key = ?1", name_key,
            group.display_name, group.now, group.actor);
        if (!renamed) return failure(std::move(renamed));
        return false;
    }
    const std::string parent_key = to_lower(group.parent);
    auto parent = has_group(session, parent_key);
    if (!parent) return failure(std::move(parent));
    if (!*parent) return no_such_group(group.parent);
    if (!*known) {
        auto count = integer(session, "select count(*) from management_groups where tenant_id = ?1", tenant.value());
        if (!count) return failure(std::move(count));
        if (*count >= max_management_groups) {
            return failure(ErrorCode::limit_exceeded, "No more management groups can be created.");
        }
    }
    if (auto place = check_place(session, tenant, name_key, parent_key); !place) return failure(std::move(place));
    auto before = *known ? read_administered(session) : Result<AdministeredSubscriptions>();
    if (!before) return failure(std::move(before));
    auto put = session.execute(
        "insert into management_groups(name_key, tenant_id, name, display_name, parent_key, created_at, created_by, "
        "updated_at, updated_by) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?6, ?7) on conflict (name_key) do update set "
        "display_name = excluded.display_name, parent_key = excluded.parent_key, updated_at = excluded.updated_at, "
        "updated_by = excluded.updated_by",
        name_key, tenant.value(), group.name, group.display_name, parent_key, group.now, group.actor);
    if (!put) return failure(std::move(put));
    if (auto kept = expect_administered(session, *before); !kept) return failure(std::move(kept));
    return !*known;
}

Result<void> delete_management_group(Session& session, const Guid& tenant, std::string_view name) {
    const std::string name_key = to_lower(name);
    if (name_key == tenant.value()) {
        return failure(ErrorCode::conflict, "The tenant's root management group cannot be deleted.");
    }
    auto known = has_group(session, name_key);
    if (!known) return failure(std::move(known));
    if (!*known) return no_such_group(name);
    auto held = exists(session,
                       "select 1 from management_groups where parent_key = ?1 union all "
                       "select 1 from subscriptions where management_group_key = ?1 limit 1",
                       name_key);
    if (!held) return failure(std::move(held));
    if (*held) {
        return failure(ErrorCode::in_use, fmt::format("The management group '{}' holds groups or subscriptions. Move them to "
                                                      "another group first.",
                                                      name));
    }
    const std::string scope = management_group_scope(name_key).key();
    for (const std::string_view sql :
         {"delete from role_assignments where scope_key = ?1", "delete from deny_assignments where scope_key = ?1"}) {
        if (auto done = session.execute(sql, scope); !done) return failure(std::move(done));
    }
    auto deleted = session.execute("delete from management_groups where name_key = ?1", name_key);
    if (!deleted) return failure(std::move(deleted));
    return {};
}

Result<std::vector<ManagementGroup>> list_management_groups(Session& session, const Guid& tenant) {
    return collect(
        session,
        "select management_groups.name, management_groups.display_name, parents.name from management_groups "
        "left join management_groups parents on parents.name_key = management_groups.parent_key "
        "where management_groups.tenant_id = ?1 order by management_groups.name_key",
        [](const Rows& rows) -> Result<ManagementGroup> {
            return ManagementGroup{std::string(rows.text(0)), std::string(rows.text(1)), rows.optional_text(2),
                                   management_group_scope(rows.text(0))};
        },
        tenant.value());
}

Result<std::vector<Subscription>> list_subscriptions(Session& session, const Guid& tenant) {
    return collect(
        session,
        "select subscriptions.id, subscriptions.display_name, coalesce(management_groups.name, ?1), "
        "subscriptions.state = 'Enabled' from subscriptions "
        "left join management_groups on management_groups.name_key = subscriptions.management_group_key "
        "where subscriptions.tenant_id = ?1 order by subscriptions.created_at, subscriptions.id",
        [](const Rows& rows) -> Result<Subscription> {
            auto id = guid_column(rows, 0, "id of a subscription");
            if (!id) return failure(std::move(id));
            return Subscription{std::move(*id), std::string(rows.text(1)), std::string(rows.text(2)), rows.boolean(3)};
        },
        tenant.value());
}

Result<void> move_subscription(Session& session, const Guid& tenant, const Guid& subscription,
                               std::string_view management_group) {
    const std::string group_key = to_lower(management_group);
    auto known =
        exists(session, "select 1 from management_groups where name_key = ?1 and tenant_id = ?2", group_key, tenant.value());
    if (!known) return failure(std::move(known));
    if (!*known) return no_such_group(management_group);
    auto before = read_administered(session);
    if (!before) return failure(std::move(before));
    auto moved =
        session.execute("update subscriptions set management_group_key = ?2 where id = ?1", subscription.value(), group_key);
    if (!moved) return failure(std::move(moved));
    if (*moved == 0) {
        return failure(ErrorCode::subscription_not_found,
                       fmt::format("The subscription '{}' could not be found.", subscription.value()));
    }
    return expect_administered(session, *before);
}

} // namespace berth::tenant
