#include "tenant/authorization_store.hpp"
#include "tenant/deny_assignment_store.hpp"
#include "tenant/management_group_store.hpp"
#include "tenant/outside_group_store.hpp"
#include "tenant/resource_store.hpp"
#include "tenant/tenancy.hpp"
#include "tenant/testing/tenant_database.hpp"
#include "tenant/testing/world_builder.hpp"
#include "tenant/token_store.hpp"
#include "tenant/world_changes.hpp"
#include "tenant/world_reader.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

namespace berth::tenant {
namespace {

using storage::Session;

// Everything that a world says, as text.
std::string everything(const World& world) {
    std::string out = fmt::format("tenant {} {}\n", world.tenant_id.value(), world.tenant_name);
    for (const auto& one : world.subscriptions) {
        out += fmt::format("subscription {} {} in {}\n", one.id.value(), one.display_name, one.management_group);
    }
    for (const auto& one : world.management_groups()) {
        out += fmt::format("group {} {} in {}\n", one.scope.value(), one.display_name, one.parent.value_or("-"));
    }
    for (const auto& one : world.registries()) {
        out += fmt::format("registry {} {} {} mode {} epoch {} {}{}{}\n", one.row, one.id.value(), one.scope.value(),
                           static_cast<int>(one.mode), one.mode_epoch, one.admin_user_enabled, one.anonymous_pull_enabled,
                           one.arm_tokens_accepted);
    }
    for (const auto& one : world.principals()) {
        out += fmt::format("principal {} {} {} {}{}", one.id.value(), to_string(one.kind), one.display_name, one.enabled,
                           one.global_administrator);
        for (const auto& attribute : one.security_attributes) {
            out += fmt::format(" {}={}", attribute.name, fmt::join(attribute.values, ","));
        }
        out += '\n';
    }
    for (const auto& one : world.tokens()) {
        out += fmt::format("token {} {} {} of {} row {}", one.id.value(), one.name, one.enabled, one.registry.value(), one.row);
        for (const auto& entry : one.scope_map->entries()) out += ' ' + entry.to_string();
        out += '\n';
    }
    const auto& input = world.policy->input();
    for (const auto& one : input.custom_roles) {
        out += fmt::format("role {} {} {}\n", one.id.value(), one.name, boost::json::serialize(rbac::to_json(one.permissions)));
    }
    for (const auto& one : input.assignments) {
        out += fmt::format("assignment {} {} {} {} {}\n", one.id.value(), one.scope.value(), one.role_definition.value(),
                           one.principal.value(), one.description.value_or("-"));
    }
    for (const auto& one : input.memberships) out += fmt::format("member {} {}\n", one.group.value(), one.member.value());
    for (const auto& one : input.deny_assignments)
        out += fmt::format("deny {} {} {}\n", one.id.value(), one.scope.value(), one.name);
    for (const auto& one : input.management_groups) out += fmt::format("{} is in {}\n", one.member.value(), one.group.value());
    return out;
}

// Changes of every kind, at random, many of which are refused: the rows then are as they were.
class Changes {
public:
    Changes(TenantDatabase& database, std::uint64_t seed) : database_(database), random_(seed) {}

    void one() {
        switch (pick(19)) {
        case 0: write([&](Session& s) { return create_user(s, tenant_, name(), name() + "@x", test_time); }); break;
        case 1: write([&](Session& s) { return create_group(s, tenant_, name(), test_time); }); break;
        case 2: write([&](Session& s) { return delete_principal(s, some("principals")); }); break;
        case 3: write([&](Session& s) { return update_principal(s, some("principals"), name(), pick(2) == 0); }); break;
        case 4:
            write([&](Session& s) { return set_security_attributes(s, some("principals"), {{name(), {"a", name()}}}); });
            break;
        case 5: write([&](Session& s) { return add_directory_role(s, some("principals"), "GlobalAdministrator"); }); break;
        case 6: write([&](Session& s) { return add_group_member(s, some("principals"), some("principals")); }); break;
        case 7: remove_member(); break;
        case 8: put_role(pick(2) == 0 ? some("role_definitions") : Guid::random()); break;
        case 9: write([&](Session& s) { return delete_role_definition(s, some("role_definitions")); }); break;
        case 10: assign(pick(3) == 0 ? some("role_assignments") : Guid::random()); break;
        case 11: write([&](Session& s) { return delete_role_assignment(s, some("role_assignments")); }); break;
        case 12: deny(pick(2) == 0 ? some("deny_assignments") : Guid::random()); break;
        case 13: write([&](Session& s) { return delete_deny_assignment(s, some("deny_assignments")); }); break;
        case 14: put_group(); break;
        case 15: write([&](Session& s) { return delete_management_group(s, tenant_, fmt::format("m{}", pick(6))); }); break;
        case 16: change_registry(); break;
        case 17: link_groups(); break;
        default: change_token(); break;
        }
    }
    std::uint64_t pick(std::uint64_t below) { return std::uniform_int_distribution<std::uint64_t>(0, below - 1)(random_); }

private:
    template <class Work>
    void write(Work work) {
        static_cast<void>(database_.write(std::move(work)));
    }
    std::string name() { return fmt::format("n{}", pick(12)); }
    // The id of some row, or of none.
    Guid some(const std::string& table) {
        std::vector<Guid> ids;
        auto read = database_.read([&](Session& session) -> Result<void> {
            auto rows = session.query(table == "principals"         ? "select id from principals"
                                      : table == "role_definitions" ? "select id from role_definitions"
                                      : table == "role_assignments" ? "select id from role_assignments"
                                                                    : "select id from deny_assignments");
            if (!rows) return failure(std::move(rows));
            for (auto more = rows->next(); more && *more; more = rows->next()) ids.push_back(*Guid::parse(rows->text(0)));
            return {};
        });
        return !read || ids.empty() ? Guid::random() : ids[pick(ids.size())];
    }
    rbac::Scope some_scope() {
        switch (pick(4)) {
        case 0: return rbac::Scope::root();
        case 1: return management_group_scope(fmt::format("m{}", pick(6)));
        case 2: return WorldBuilder::scope("/subscriptions/" + database_.first->subscription.value());
        default: return registry_scope(pick(3));
        }
    }
    rbac::Scope registry_scope(std::uint64_t number) {
        return WorldBuilder::scope(fmt::format("/subscriptions/{}/resourceGroups/berth/providers/Microsoft.ContainerRegistry/"
                                               "registries/images{}",
                                               database_.first->subscription.value(), number));
    }
    void link_groups() {
        std::vector<OutsideGroup> groups;
        for (auto count = pick(4); count > 0; --count) groups.push_back({"https://a.example", name()});
        write([&](Session& s) { return set_outside_groups(s, some("principals"), groups); });
    }
    void remove_member() {
        std::optional<std::pair<Guid, Guid>> pair;
        static_cast<void>(database_.read([&](Session& session) -> Result<void> {
            auto rows = session.query("select group_id, member_id from group_members limit 1");
            if (!rows) return failure(std::move(rows));
            if (auto more = rows->next(); more && *more) pair.emplace(*Guid::parse(rows->text(0)), *Guid::parse(rows->text(1)));
            return {};
        }));
        if (pair) write([&](Session& s) { return remove_group_member(s, pair->first, pair->second); });
    }
    void put_role(const Guid& id) {
        const rbac::RoleDefinition role{.id = id,
                                        .name = name(),
                                        .description = name(),
                                        .permissions = {{.actions = {pick(2) ? "*" : "*/read"},
                                                         .not_actions = {},
                                                         .data_actions = {},
                                                         .not_data_actions = {}}},
                                        .assignable_scopes = {rbac::Scope::root()},
                                        .created_at = test_time,
                                        .created_by = {},
                                        .updated_at = test_time,
                                        .updated_by = {}};
        write([&](Session& s) { return put_role_definition(s, tenant_, role); });
    }
    void assign(const Guid& id) {
        const Guid role = pick(2) ? some("role_definitions") : rbac::find_built_in_role(std::string_view("AcrPull"))->id;
        const rbac::RoleAssignment assignment{.id = id,
                                              .scope = some_scope(),
                                              .role_definition = role,
                                              .principal = some("principals"),
                                              .principal_type = "User",
                                              .condition = {},
                                              .description = name(),
                                              .created_at = test_time,
                                              .created_by = {},
                                              .updated_at = test_time,
                                              .updated_by = {}};
        write([&](Session& s) { return put_role_assignment(s, tenant_, assignment); });
    }
    void deny(const Guid& id) {
        const rbac::DenyAssignment assignment{
            .id = id,
            .name = name(),
            .description = {},
            .permissions = {{.actions = {"*/delete"}, .not_actions = {}, .data_actions = {}, .not_data_actions = {}}},
            .scope = some_scope(),
            .principals = {{some("principals"), "User"}},
            .excluded_principals = {},
            .created_at = test_time,
            .created_by = {},
            .updated_at = test_time,
            .updated_by = {}};
        write([&](Session& s) { return put_deny_assignment(s, tenant_, assignment); });
    }
    void put_group() {
        const ManagementGroupWrite group{.name = fmt::format("M{}", pick(6)),
                                         .display_name = name(),
                                         .parent = pick(3) ? fmt::format("m{}", pick(6)) : tenant_.value(),
                                         .actor = {},
                                         .now = test_time};
        write([&](Session& s) { return put_management_group(s, tenant_, group); });
        if (pick(2))
            write([&](Session& s) { return move_subscription(s, tenant_, database_.first->subscription, group.name); });
    }
    Resource resource(std::string_view type, std::string resource_name, rbac::Scope scope, boost::json::object properties) {
        return {.row = 0,
                .guid = Guid::random(),
                .tenant = tenant_,
                .subscription = database_.first->subscription,
                .resource_group = "berth",
                .type = std::string(type),
                .name = std::move(resource_name),
                .scope = std::move(scope),
                .location = {},
                .tags = {},
                .sku = {},
                .properties = std::move(properties),
                .created_at = test_time,
                .created_by = {},
                .updated_at = test_time,
                .updated_by = {}};
    }
    void put(const Resource& wanted) {
        write([&](Session& s) -> Result<void> {
            auto known = find_resource(s, wanted.scope);
            if (!known) return failure(std::move(known));
            if (*known) return update_resource(s, wanted);
            auto row = insert_resource(s, wanted);
            if (!row) return failure(std::move(row));
            return {};
        });
    }
    void change_registry() {
        const auto number = pick(3);
        const rbac::Scope scope = registry_scope(number);
        if (pick(3) == 0) {
            write([&](Session& s) { return delete_resource(s, scope, test_time); });
        } else {
            put(resource("Microsoft.ContainerRegistry/registries", fmt::format("images{}", number), scope,
                         {{"adminUserEnabled", pick(2) == 0},
                          {"roleAssignmentMode", pick(2) ? "AbacRepositoryPermissions" : "LegacyRegistryPermissions"}}));
        }
    }
    void change_token() {
        const std::string registry = registry_scope(pick(3)).value();
        const std::string token = fmt::format("t{}", pick(3));
        const std::string map = fmt::format("map{}", pick(2));
        switch (pick(3)) {
        case 0:
            put(resource(scope_map_type, map, WorldBuilder::scope(registry + "/scopeMaps/" + map),
                         {{"actions", boost::json::array{fmt::format("repositories/{}/content/read", name())}}}));
            break;
        case 1:
            write([&](Session& s) {
                return delete_resource(
                    s, WorldBuilder::scope(registry + "/" + (pick(2) ? "tokens/" + token : "scopeMaps/" + map)), test_time);
            });
            break;
        default:
            put(resource(token_type, token, WorldBuilder::scope(registry + "/tokens/" + token),
                         {{"scopeMapId", registry + "/scopeMaps/" + (pick(2) ? map : "_repositories_pull")},
                          {"status", pick(2) ? "enabled" : "disabled"}}));
        }
    }

    TenantDatabase& database_;
    std::mt19937_64 random_;
    Guid tenant_ = database_.first->tenant;
};

Result<std::shared_ptr<const World>> read_whole(TenantDatabase& database) {
    return database.read([](Session& session) { return read_world(session, {}, nullptr); });
}

TEST(WorldUpdate, EqualsTheWorldReadWholeAfterEachChange) {
    constexpr int rounds = 4;
    constexpr int steps = 250;
    std::size_t changed = 0;
    for (int round = 0; round < rounds; ++round) {
        const std::uint64_t seed = std::random_device()();
        TenantDatabase database;
        Tenancy tenancy(*database, {});
        ASSERT_TRUE(sync_wait(tenancy.refresh()));
        Changes changes(database, seed);
        for (int step = 0; step < steps; ++step) {
            const auto before = tenancy.world();
            for (auto several = changes.pick(3) + 1; several > 0; --several) changes.one();
            ASSERT_TRUE(sync_wait(tenancy.refresh())) << "seed " << seed << " step " << step;
            if (tenancy.world() != before) ++changed;
            const auto whole = read_whole(database);
            ASSERT_TRUE(whole);
            ASSERT_EQ(everything(*tenancy.world()), everything(**whole)) << "seed " << seed << " step " << step;
            ASSERT_EQ(tenancy.world()->sequence(), (*whole)->sequence());
        }
    }
    EXPECT_GT(changed, rounds * steps / 2U) << "most changes must change something";
}

TEST(WorldUpdate, SharesWhatDidNotChange) {
    TenantDatabase database;
    Tenancy tenancy(*database, {});
    ASSERT_TRUE(sync_wait(tenancy.refresh()));
    const auto before = tenancy.world();
    ASSERT_TRUE(sync_wait(tenancy.refresh()));
    EXPECT_EQ(tenancy.world(), before) << "nothing changed";

    auto user = database.write([&](Session& s) { return create_user(s, database.first->tenant, "Ada", "ada@x", test_time); });
    ASSERT_TRUE(user);
    ASSERT_TRUE(sync_wait(tenancy.refresh()));
    const auto after = tenancy.world();
    EXPECT_EQ(after->policy, before->policy);
    EXPECT_EQ(after->registries().data(), before->registries().data());
    EXPECT_NE(after->find_principal(user->id), nullptr);
    EXPECT_EQ(after->version, before->version + 1);
}

TEST(WorldUpdate, ReadsEverythingWhereTheChangesAreNotKeptOrTooMany) {
    TenantDatabase database;
    Tenancy tenancy(*database, {});
    ASSERT_TRUE(sync_wait(tenancy.refresh()));
    for (const int changes : {999, 1500, 6000}) {
        const auto before = tenancy.world();
        ASSERT_TRUE(database.write([&](Session& s) -> Result<void> {
            for (int i = 0; i < changes; ++i) {
                auto renamed = s.execute("update tenants set display_name = ?1", fmt::format("{} {}", changes, i));
                if (!renamed) return failure(std::move(renamed));
            }
            return {};
        }));
        auto read = database.read([&](Session& s) -> Result<bool> {
            auto known = read_changes(s, before->sequence());
            if (!known) return failure(std::move(known));
            return known->has_value();
        });
        ASSERT_TRUE(read);
        EXPECT_EQ(*read, changes == 999);
        ASSERT_TRUE(sync_wait(tenancy.refresh()));
        EXPECT_EQ(tenancy.world()->tenant_name, fmt::format("{} {}", changes, changes - 1));
    }
    EXPECT_EQ(database.count("select count(*) from world_changes"), 4096);
}

TEST(WorldUpdate, ATransactionSeesTheWorldAsItLeavesIt) {
    TenantDatabase database;
    Tenancy tenancy(*database, {});
    ASSERT_TRUE(sync_wait(tenancy.refresh()));
    const auto known = tenancy.world();
    auto done = database.write([&](Session& s) -> Result<void> {
        auto unchanged = tenancy.world_in(s, known);
        if (!unchanged || *unchanged != known) return failure(ErrorCode::internal, "nothing had changed yet");
        auto group = create_group(s, database.first->tenant, "team", test_time);
        if (!group) return failure(std::move(group));
        auto changed = tenancy.world_in(s, known);
        if (!changed || (*changed)->find_principal(group->id) == nullptr) {
            return failure(ErrorCode::internal, "the change was not seen");
        }
        return failure(ErrorCode::conflict, "undo it all");
    });
    EXPECT_EQ(code_of(done), ErrorCode::conflict) << done.error().message;
    EXPECT_EQ(tenancy.world(), known);
    // The number of a change that was undone is given again: what was seen with it must not be taken for the new one.
    auto user = database.write([&](Session& s) { return create_user(s, database.first->tenant, "Ada", "ada@x", test_time); });
    ASSERT_TRUE(user);
    ASSERT_TRUE(sync_wait(tenancy.refresh()));
    EXPECT_NE(tenancy.world()->find_principal(user->id), nullptr);
}

} // namespace
} // namespace berth::tenant
