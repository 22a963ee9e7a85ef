#include "tenant/lock_store.hpp"

#include "tenant/authorization_store.hpp"
#include "tenant/tenancy.hpp"
#include "tenant/testing/tenant_database.hpp"
#include "tenant/testing/world_builder.hpp"

#include <gtest/gtest.h>

namespace berth::tenant {
namespace {

using storage::Session;

class LockStore : public testing::Test {
protected:
    TenantDatabase database;
    const Resource registry = *database.first->registry;

    Result<ResourceLock> put(const std::string& name, LockLevel level, const rbac::Scope& scope) {
        return database.write([&](Session& s) {
            return put_lock(s, registry.tenant,
                            {.name = name,
                             .scope = scope,
                             .level = level,
                             .notes = "why",
                             .created_at = test_time,
                             .created_by = "me",
                             .updated_at = test_time,
                             .updated_by = "me"});
        });
    }
};

TEST_F(LockStore, ALockIsChangedUnderItsNameAndKeepsItsId) {
    const auto made = put("Mine", LockLevel::can_not_delete, registry.scope);
    ASSERT_TRUE(made) << made.error().message;
    const auto changed = put("MINE", LockLevel::read_only, registry.scope);
    ASSERT_TRUE(changed);
    EXPECT_EQ(changed->id, made->id);
    EXPECT_EQ(changed->name, "Mine");
    EXPECT_EQ(changed->level, LockLevel::read_only);
    const auto found = database.read([&](Session& s) { return find_lock(s, registry.scope, "mine"); });
    ASSERT_TRUE(found && *found);
    EXPECT_EQ(**found, *changed);
    EXPECT_TRUE(database.write([&](Session& s) { return delete_lock(s, registry.scope, "mine"); })->has_value());
    EXPECT_FALSE(database.write([&](Session& s) { return delete_lock(s, registry.scope, "mine"); })->has_value());
}

TEST_F(LockStore, ThereIsALimitAtEachScope) {
    for (std::int64_t i = 0; i < max_locks_at_scope; ++i) {
        ASSERT_TRUE(put("lock" + std::to_string(i), LockLevel::can_not_delete, registry.scope));
    }
    EXPECT_EQ(code_of(put("more", LockLevel::can_not_delete, registry.scope)), ErrorCode::limit_exceeded);
    EXPECT_FALSE(code_of(put("lock3", LockLevel::read_only, registry.scope)));
    EXPECT_FALSE(code_of(put("more", LockLevel::read_only, database.first->resource_group->scope)));
}

TEST_F(LockStore, TheWorldFollowsAndLocksGoWithWhatTheyLieOn) {
    Tenancy tenancy(*database, {});
    ASSERT_TRUE(sync_wait(tenancy.refresh()));
    EXPECT_TRUE(tenancy.world()->locks().empty());
    ASSERT_TRUE(put("mine", LockLevel::read_only, registry.scope));
    ASSERT_TRUE(sync_wait(tenancy.refresh()));
    ASSERT_EQ(tenancy.world()->locks().size(), 1U);
    EXPECT_EQ(tenancy.world()->locks()[0].scope, registry.scope);
    ASSERT_FALSE(code_of(database.write([&](Session& s) { return delete_resource(s, registry.scope, test_time); })));
    ASSERT_TRUE(sync_wait(tenancy.refresh()));
    EXPECT_TRUE(tenancy.world()->locks().empty());
}

TEST(LockLevels, AreReadWithoutCase) {
    EXPECT_EQ(parse_lock_level("readonly"), LockLevel::read_only);
    EXPECT_EQ(parse_lock_level("CANNOTDELETE"), LockLevel::can_not_delete);
    for (const std::string_view bad : {"", "NotSpecified", "Read Only", "ReadOnly "})
        EXPECT_FALSE(parse_lock_level(bad)) << bad;
}

} // namespace
} // namespace berth::tenant
