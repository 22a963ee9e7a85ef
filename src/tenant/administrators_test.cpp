#include "tenant/administrators.hpp"
#include "tenant/authorization_store.hpp"
#include "tenant/management_group_store.hpp"
#include "tenant/testing/tenant_database.hpp"
#include "tenant/testing/world_builder.hpp"

#include <gtest/gtest.h>

namespace berth::tenant {
namespace {

using storage::Session;

class Administrators : public testing::Test {
protected:
    TenantDatabase database;
    const Guid tenant = database.first->tenant;
    const rbac::Scope subscription = WorldBuilder::scope("/subscriptions/" + database.first->subscription.value());
    const Guid owner = database.first->owner->principal.id;

    Guid user(const std::string& name) {
        return database.write([&](Session& s) { return create_user(s, tenant, name, name + "@x", test_time); })->id;
    }
    Guid group(const std::string& name) {
        return database.write([&](Session& s) { return create_group(s, tenant, name, test_time); })->id;
    }
    void add_member(const Guid& to, const Guid& member) {
        ASSERT_TRUE(database.write([&](Session& s) { return add_group_member(s, to, member); }));
    }
    static Guid role(std::string_view name) { return rbac::find_built_in_role(name)->id; }
    rbac::RoleAssignment assignment(const Guid& principal, const Guid& role_id, const rbac::Scope& scope,
                                    std::string_view condition = {}) {
        return {.id = Guid::random(),
                .scope = scope,
                .role_definition = role_id,
                .principal = principal,
                .principal_type = "User",
                .condition = condition.empty() ? nullptr : *rbac::Condition::parse(condition),
                .description = {},
                .created_at = test_time,
                .created_by = {},
                .updated_at = test_time,
                .updated_by = {}};
    }
    Result<void> put(const rbac::RoleAssignment& one) {
        return database.write([&](Session& s) { return put_role_assignment(s, tenant, one); });
    }
    Result<void> remove(const Guid& id) {
        return database.write([&](Session& s) { return delete_role_assignment(s, id); });
    }
    Guid owners_assignment() {
        return *database.read([&](Session& s) -> Result<Guid> {
            auto all = list_role_assignments(s);
            for (const auto& one : *all) {
                if (one.principal == owner) return one.id;
            }
            return failure(ErrorCode::not_found, "");
        });
    }
    std::size_t administered() { return database.read(read_administered)->size(); }
};

TEST_F(Administrators, TheLastAssignmentStays) {
    const auto refused = remove(owners_assignment());
    EXPECT_EQ(code_of(refused), ErrorCode::last_administrator);
    EXPECT_TRUE(refused.error().message.starts_with("Cannot delete the last RBAC admin assignment")) << refused.error().message;
    EXPECT_EQ(database.count("select count(*) from role_assignments"), 1);
    ASSERT_TRUE(put(assignment(user("ada"), role("User Access Administrator"), subscription)));
    EXPECT_TRUE(remove(owners_assignment()));
}

// Beside the owner there is one more assignment: may the owner's go?
TEST_F(Administrators, CountsWhoCanReallyAdminister) {
    const Guid ada = user("ada");
    const Guid disabled = user("disabled");
    ASSERT_TRUE(database.write([&](Session& s) { return update_principal(s, disabled, std::nullopt, false); }));
    const Guid empty = group("empty");
    const Guid team = group("team");
    const Guid outer = group("outer");
    add_member(team, ada);
    add_member(outer, team);
    add_member(team, outer); // a circle
    const Guid sleepers = group("sleepers");
    add_member(sleepers, disabled);
    const auto registry = database.first->registry->scope;
    constexpr std::string_view condition =
        "@Request[Microsoft.Authorization/roleAssignments:PrincipalType] StringEqualsIgnoreCase 'User'";
    const struct {
        const char* what;
        rbac::RoleAssignment other;
        bool enough;
    } rows[] = {
        {"a user", assignment(ada, role("Owner"), subscription), true},
        {"at the root", assignment(ada, role("User Access Administrator"), rbac::Scope::root()), true},
        {"at the root group", assignment(ada, role("Owner"), management_group_scope(tenant.value())), true},
        {"at another group", assignment(ada, role("Owner"), management_group_scope("other")), false},
        {"below", assignment(ada, role("Owner"), registry), false},
        {"a role that cannot assign", assignment(ada, role("Contributor"), subscription), false},
        {"with a condition", assignment(ada, role("Owner"), subscription, condition), false},
        {"disabled", assignment(disabled, role("Owner"), subscription), false},
        {"nobody", assignment(Guid::random(), role("Owner"), subscription), false},
        {"an unknown role", assignment(ada, Guid::random(), subscription), false},
        {"a group", assignment(team, role("Owner"), subscription), true},
        {"a group of groups in a circle", assignment(outer, role("Owner"), subscription), true},
        {"a group without members", assignment(empty, role("Owner"), subscription), false},
        {"a group of the disabled", assignment(sleepers, role("Owner"), subscription), false},
    };
    const auto undo = [&](const Guid& id) {
        ASSERT_TRUE(
            database.write([&](Session& s) { return s.execute("delete from role_assignments where id = ?1", id.value()); }));
    };
    for (const auto& row : rows) {
        ASSERT_TRUE(put(row.other)) << row.what;
        const auto removed = remove(owners_assignment());
        EXPECT_EQ(code_of(removed), row.enough ? std::nullopt : std::optional(ErrorCode::last_administrator)) << row.what;
        if (removed) {
            ASSERT_TRUE(put(assignment(owner, role("Owner"), subscription)));
        }
        undo(row.other.id);
    }
}

TEST_F(Administrators, NeitherAConditionNorAnotherRoleTakesTheLastOne) {
    rbac::RoleDefinition keeper{.id = Guid::random(),
                                .name = "Keeper",
                                .description = {},
                                .permissions = {{.actions = {"Microsoft.Authorization/*"},
                                                 .not_actions = {},
                                                 .data_actions = {},
                                                 .not_data_actions = {}}},
                                .assignable_scopes = {subscription},
                                .created_at = test_time,
                                .created_by = {},
                                .updated_at = test_time,
                                .updated_by = {}};
    const auto put_role = [&] { return database.write([&](Session& s) { return put_role_definition(s, tenant, keeper); }); };
    ASSERT_TRUE(put_role());
    auto kept = assignment(user("ada"), keeper.id, subscription);
    ASSERT_TRUE(put(kept));
    ASSERT_TRUE(remove(owners_assignment()));

    keeper.permissions.front().not_actions = {"Microsoft.Authorization/roleAssignments/write"};
    EXPECT_EQ(code_of(put_role()), ErrorCode::last_administrator);
    keeper.permissions.front().not_actions = {"Microsoft.Authorization/denyAssignments/*"};
    EXPECT_TRUE(put_role());
    EXPECT_EQ(code_of(database.write([&](Session& s) { return delete_role_definition(s, keeper.id); })),
              ErrorCode::role_definition_in_use);
    kept.condition = *rbac::Condition::parse("@Environment[UtcNow] DateTimeLessThan '2020-01-01T00:00:00Z'");
    EXPECT_EQ(code_of(put(kept)), ErrorCode::last_administrator);
    kept.condition = nullptr;
    kept.description = "still the same";
    EXPECT_TRUE(put(kept));
    EXPECT_EQ(code_of(remove(kept.id)), ErrorCode::last_administrator);
}

TEST_F(Administrators, MovingTheSubscriptionAwayFromItsLastOneIsRefused) {
    const auto put_group = [&](const std::string& name, const std::string& parent) {
        const ManagementGroupWrite group{name, name, parent, {}, test_time};
        return database.write([&](Session& s) { return put_management_group(s, tenant, group); });
    };
    const auto move = [&](const std::string& to) {
        return database.write([&](Session& s) { return move_subscription(s, tenant, database.first->subscription, to); });
    };
    ASSERT_TRUE(put_group("outer", tenant.value()));
    ASSERT_TRUE(put_group("inner", "outer"));
    ASSERT_TRUE(move("inner"));
    ASSERT_TRUE(put(assignment(user("ada"), role("Owner"), management_group_scope("outer"))));
    ASSERT_TRUE(remove(owners_assignment()));
    EXPECT_EQ(code_of(move(tenant.value())), ErrorCode::last_administrator);
    EXPECT_EQ(code_of(put_group("inner", tenant.value())), ErrorCode::last_administrator);
    EXPECT_TRUE(move("outer"));
    EXPECT_EQ(administered(), 1U);
}

// The directory has rights of its own: it may disable or delete the last one. `berth recover` is the way back.
TEST_F(Administrators, TheDirectoryMayTakeTheLastOneAndAnythingCanBeRemovedThen) {
    ASSERT_TRUE(database.write([&](Session& s) { return update_principal(s, owner, std::nullopt, false); }));
    EXPECT_EQ(administered(), 0U);
    EXPECT_TRUE(remove(owners_assignment()));
}

} // namespace
} // namespace berth::tenant
