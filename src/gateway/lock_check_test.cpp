#include "gateway/lock_check.hpp"

#include "tenant/testing/world_builder.hpp"

#include <gtest/gtest.h>

namespace berth::gateway {
namespace {

using tenant::LockLevel;
using tenant::WorldBuilder;

constexpr std::string_view subscription = "/subscriptions/11111111-1111-1111-1111-111111111111";

rbac::Scope at(std::string_view below) { return WorldBuilder::scope(std::string(subscription) + std::string(below)); }

tenant::World world_with(LockLevel level, std::string_view below) {
    tenant::WorldParts parts = tenant::World(1, Guid::random(), "t", {}, {}, {}, rbac::Policy::compile({})).parts();
    parts.locks = std::make_shared<const std::vector<tenant::ResourceLock>>(std::vector<tenant::ResourceLock>{
        {.name = "keep", .scope = at(below), .level = level, .notes = "ask Ann", .created_by = "somebody"}});
    return tenant::World(2, std::move(parts));
}

struct Row {
    LockLevel level;
    std::string_view lock;
    LockedAction action;
    std::string_view scope;
    bool forbidden;
};

TEST(Locks, ForbidByLevelAndPlace) {
    using enum LockLevel;
    using enum LockedAction;
    constexpr std::string_view group = "/resourceGroups/g";
    constexpr std::string_view registry = "/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/r";
    for (const Row& row :
         {Row{can_not_delete, registry, remove, registry, true}, Row{can_not_delete, registry, change, registry, false},
          Row{can_not_delete, registry, detach, registry, true}, Row{read_only, registry, change, registry, true},
          Row{read_only, group, change, registry, true}, Row{can_not_delete, "", remove, registry, true},
          Row{can_not_delete, registry, remove, group, true}, Row{read_only, registry, remove, group, true},
          Row{can_not_delete, registry, detach, group, false}, Row{read_only, registry, change, group, false},
          Row{read_only, group, change, "/resourceGroups/g2", false},
          Row{read_only, registry, remove, "/RESOURCEGROUPS/G", true}}) {
        const auto world = world_with(row.level, row.lock);
        const auto checked = check_locks(world, row.action, at(row.scope));
        EXPECT_EQ(!checked.has_value(), row.forbidden) << to_text(row.level) << " at " << row.lock << ", done at " << row.scope;
        if (checked) continue;
        EXPECT_EQ(checked.error().code, ErrorCode::scope_locked);
        for (const std::string_view word : {"'keep'", "ask Ann", "somebody", "Microsoft.Authorization/locks/delete"}) {
            EXPECT_NE(checked.error().message.find(word), std::string::npos) << checked.error().message;
        }
    }
}

TEST(Locks, MeetRoutesByTheirPermissions) {
    const auto world = world_with(LockLevel::read_only, "/resourceGroups/g");
    const rbac::Scope scope = at("/resourceGroups/g");
    const auto forbidden = [&](std::string_view operation, EntryKind kind = EntryKind::all,
                               Protocol protocol = Protocol::resource_manager) {
        const Permission permission = arm_permission(operation);
        Route route;
        route.protocol = protocol;
        route.entry = {kind, {&permission}, {}};
        return !check_locks(world, route, scope).has_value();
    };
    EXPECT_TRUE(forbidden("Microsoft.ContainerRegistry/registries/write"));
    EXPECT_TRUE(forbidden("Microsoft.ContainerRegistry/registries/listCredentials/action"));
    EXPECT_TRUE(forbidden("Microsoft.Authorization/roleAssignments/write", EntryKind::deferred));
    EXPECT_FALSE(forbidden("Microsoft.ContainerRegistry/registries/read"));
    EXPECT_FALSE(forbidden("Microsoft.Authorization/locks/write"));
    EXPECT_FALSE(forbidden("Microsoft.Authorization/locks/delete"));
    EXPECT_FALSE(forbidden("Microsoft.ContainerRegistry/registries/write", EntryKind::filter));
    EXPECT_FALSE(forbidden("Microsoft.ContainerRegistry/registries/write", EntryKind::all, Protocol::registry));
}

} // namespace
} // namespace berth::gateway
