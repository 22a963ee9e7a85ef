#include "tenant/authorization_store.hpp"
#include "tenant/bootstrap.hpp"
#include "tenant/tenancy.hpp"
#include "tenant/testing/tenant_database.hpp"

#include <gtest/gtest.h>

namespace berth::tenant {
namespace {

using storage::Session;

CredentialInfo any_secret() { return {Guid::random(), "abc", std::nullopt, test_time, test_time + std::chrono::hours(1)}; }

TEST(BootstrapTest, MakesWhatAFirstStartNeeds) {
    TenantDatabase database({.resource_group = "images",
                             .registry_name = "Team1",
                             .location = "northeurope",
                             .registry_sku = "Standard",
                             .owner_name = "boss"});
    const Bootstrap& made = *database.first;
    EXPECT_TRUE(made.created);
    ASSERT_TRUE(made.registry);
    EXPECT_EQ(made.registry->name, "Team1");
    EXPECT_EQ(made.registry->resource_group, "images");
    EXPECT_EQ(made.registry->location, "northeurope");
    EXPECT_EQ(made.registry->sku, "Standard");
    EXPECT_EQ(made.registry->scope.value(), "/subscriptions/" + made.subscription.value() +
                                                "/resourceGroups/images/providers/Microsoft.ContainerRegistry/"
                                                "registries/Team1");
    ASSERT_TRUE(made.owner);
    EXPECT_EQ(made.owner->application.display_name, "boss");
    EXPECT_EQ(made.owner->principal.application_id, made.owner->application.application_id);

    Tenancy tenancy(*database, {.domain = "localhost", .port = 5443, .external_url = {}});
    ASSERT_TRUE(sync_wait(tenancy.refresh()));
    const auto world = tenancy.world();
    EXPECT_EQ(world->tenant_id, made.tenant);
    ASSERT_EQ(world->subscriptions.size(), 1U);
    EXPECT_EQ(world->subscriptions[0].id, made.subscription);
    const Registry* registry = world->registry_for_host("team1.localhost:5443");
    ASSERT_NE(registry, nullptr);
    EXPECT_EQ(registry->id, made.registry->guid);
    const Principal* owner = world->find_principal(made.owner->principal.id);
    ASSERT_NE(owner, nullptr);
    EXPECT_TRUE(owner->global_administrator);
    const auto may_delete = world->policy->decide(
        owner->id, rbac::Operation::known("Microsoft.ContainerRegistry/registries/delete"), registry->scope);
    EXPECT_TRUE(may_delete.allowed);
    auto valid = database.read([&](Session& s) { return valid_credentials(s, made.owner->principal.id, test_time); });
    EXPECT_EQ(valid->size(), 1U);
    EXPECT_EQ(database.count("select count(*) from events"), 3);
}

TEST(BootstrapTest, ALaterStartFindsTheSame) {
    TenantDatabase database;
    auto again = sync_wait(bootstrap(*database, {.registry_name = "other1"}, any_secret(), "sha256$11", test_time));
    ASSERT_TRUE(again);
    EXPECT_FALSE(again->created);
    EXPECT_EQ(again->tenant, database.first->tenant);
    EXPECT_EQ(again->subscription, database.first->subscription);
    EXPECT_EQ(again->registry->guid, database.first->registry->guid);
    EXPECT_EQ(again->owner->application.id, database.first->owner->application.id);
    EXPECT_EQ(again->owner->application.application_id, database.first->owner->application.application_id);
    EXPECT_EQ(again->owner->principal.id, database.first->owner->principal.id);
    EXPECT_EQ(database.count("select count(*) from credentials"), 1); // the second secret was not kept
    EXPECT_EQ(database.count("select count(*) from principals"), 1);
}

TEST(BootstrapTest, DoesNotBringBackWhatWasDeleted) {
    TenantDatabase database;
    ASSERT_TRUE(database.write([&](Session& s) { return delete_resource(s, database.first->registry->scope); }));
    ASSERT_TRUE(database.write([&](Session& s) { return delete_application(s, database.first->owner->application.id); }));
    auto again = sync_wait(bootstrap(*database, {}, any_secret(), "sha256$11", test_time));
    ASSERT_TRUE(again);
    EXPECT_FALSE(again->created);
    EXPECT_FALSE(again->registry);
    EXPECT_FALSE(again->owner);
    EXPECT_EQ(database.count("select count(*) from principals"), 0);
}

TEST(BootstrapTest, RefusesNamesThatAzureRefuses) {
    storage::TemporaryDatabase database;
    const BootstrapOptions table[] = {
        {.registry_name = "abcd"}, {.registry_name = "under_score"}, {.registry_name = std::string(51, 'a')},
        {.registry_name = ""},     {.resource_group = "ends."},      {.resource_group = "a/b"},
        {.resource_group = ""},
    };
    for (const auto& options : table) {
        EXPECT_EQ(code_of(sync_wait(bootstrap(*database, options, any_secret(), "sha256$11", test_time))),
                  ErrorCode::invalid_parameter)
            << options.registry_name << " " << options.resource_group;
    }
    EXPECT_TRUE(sync_wait(bootstrap(*database, {}, any_secret(), "sha256$11", test_time))->created);
}

} // namespace
} // namespace berth::tenant
