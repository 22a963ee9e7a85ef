#include "storage/sqlite/sqlite_database.hpp"
#include "storage/testing/temporary_folder.hpp"
#include "tenant/bootstrap.hpp"
#include "tenant/tenancy.hpp"
#include "tenant/testing/tenant_database.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace berth::tenant {
namespace {

using storage::Session;

constexpr std::string_view tenant_id = "11111111-1111-1111-1111-111111111111";
constexpr std::string_view subscription_id = "22222222-2222-2222-2222-222222222222";
constexpr std::string_view user_id = "33333333-3333-3333-3333-333333333333";

// What the first version's first start and a few requests left behind.
Result<void> fill(Session& session) {
    const auto put = [&]<class... Arguments>(std::string_view sql, const Arguments&... arguments) -> Result<void> {
        auto done = session.execute(sql, arguments...);
        if (!done) return failure(std::move(done));
        return {};
    };
    const std::string group = fmt::format("/subscriptions/{}/resourceGroups/berth", subscription_id);
    const std::string registry = group + "/providers/Microsoft.ContainerRegistry/registries/berth0";
    for (const auto& done :
         {put("insert into tenants(id, display_name, created_at) values (?1, 'berth', 1)", tenant_id),
          put("insert into subscriptions(id, tenant_id, display_name, created_at) values (?1, ?2, 'berth', 1)", subscription_id,
              tenant_id),
          put("insert into principals(id, tenant_id, kind, display_name, user_principal_name, enabled, properties, created_at) "
              "values (?1, ?2, 'User', 'Ada', 'ada@x', 1, '{}', 1)",
              user_id, tenant_id),
          put("insert into resources(guid, tenant_id, subscription_id, resource_group_key, type_key, name, name_key, scope, "
              "scope_key, location, tags, properties, created_at, created_by, updated_at, updated_by) values "
              "('44444444-4444-4444-4444-444444444444', ?1, ?2, 'berth', 'microsoft.containerregistry/registries', 'berth0', "
              "'berth0', ?3, lower(?3), 'westeurope', '{}', '{}', 1, 'x', 1, 'x')",
              tenant_id, subscription_id, registry),
          put("insert into role_assignments(id, tenant_id, scope, scope_key, role_definition_id, principal_id, principal_type, "
              "created_at, created_by, updated_at, updated_by) values ('55555555-5555-5555-5555-555555555555', ?1, ?2, "
              "lower(?2), '7f951dda-4ed3-4680-a7ca-43fe172d538d', ?3, 'User', 1, 'x', 1, 'x')",
              tenant_id, registry, user_id)}) {
        if (!done) return done;
    }
    return {};
}

TEST(Upgrade, DataOfVersionOneGoesOn) {
    const storage::TemporaryFolder folder;
    const std::string path = (folder.path() / "berth.db").string();
    {
        storage::SqliteOptions first;
        first.steps = storage::migrations().first(1);
        auto database = storage::open_sqlite(path, first);
        ASSERT_TRUE(database);
        ASSERT_TRUE(sync_wait((*database)->write(fill)));
    }
    auto database = storage::open_sqlite(path);
    ASSERT_TRUE(database) << database.error().message;
    const CredentialInfo info{Guid::random(), "abc", std::nullopt, test_time, test_time};
    auto started = sync_wait(bootstrap(**database, {}, info, "sha256$00", test_time));
    ASSERT_TRUE(started) << started.error().message;
    EXPECT_FALSE(started->created);

    Tenancy tenancy(**database, {});
    ASSERT_TRUE(sync_wait(tenancy.refresh()));
    const auto world = tenancy.world();
    ASSERT_EQ(world->management_groups().size(), 1U);
    EXPECT_EQ(world->management_groups().front().name, tenant_id);
    EXPECT_EQ(world->find_subscription(subscription_id)->management_group, tenant_id);
    const Registry& registry = world->registries().front();
    EXPECT_EQ(registry.mode_epoch, 0);
    const Principal* user = world->find_user("ada@x");
    ASSERT_NE(user, nullptr);
    EXPECT_TRUE(user->security_attributes.empty());
    const auto pull = rbac::Operation::known("Microsoft.ContainerRegistry/registries/pull/read");
    EXPECT_TRUE(world->policy->decide(user->id, pull, registry.scope).allowed);
    const auto maps = sync_wait((*database)->read(storage::ReadKind::page, [](Session& session) -> Result<std::int64_t> {
        auto rows = session.query("select count(*) from resources where type_key like '%/scopemaps'");
        if (!rows) return failure(std::move(rows));
        if (auto more = rows->next(); !more) return failure(std::move(more));
        return rows->integer(0);
    }));
    EXPECT_EQ(maps.value_or(0), 5) << "the older registry has the system scope maps too";
}

} // namespace
} // namespace berth::tenant
