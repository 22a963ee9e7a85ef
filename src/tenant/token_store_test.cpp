#include "tenant/tenancy.hpp"
#include "tenant/testing/tenant_database.hpp"
#include "tenant/testing/world_builder.hpp"
#include "tenant/token_store.hpp"

#include <gtest/gtest.h>

namespace berth::tenant {
namespace {

using storage::Session;

class TokenStore : public testing::Test {
protected:
    TenantDatabase database;
    const Resource registry = *database.first->registry;

    Resource child(std::string_view type, const std::string& name, const std::string& tail, boost::json::object properties) {
        Resource out = registry;
        out.guid = Guid::random();
        out.type = type;
        out.name = name;
        out.scope = WorldBuilder::scope(registry.scope.value() + tail + name);
        out.properties = std::move(properties);
        return out;
    }
    Resource token(const std::string& name, const std::string& map, const std::string& status = "enabled") {
        return child(token_type, name, "/tokens/", {{"scopeMapId", map}, {"status", status}});
    }
    Resource map(const std::string& name, boost::json::array actions) {
        return child(scope_map_type, name, "/scopeMaps/", {{"actions", std::move(actions)}});
    }
    std::int64_t insert(const Resource& resource) {
        auto row = database.write([&](Session& s) { return insert_resource(s, resource); });
        EXPECT_TRUE(row) << (row ? "" : row.error().message);
        return row.value_or(0);
    }
    std::shared_ptr<const World> world() {
        Tenancy tenancy(*database, {});
        EXPECT_TRUE(sync_wait(tenancy.refresh()));
        return tenancy.world();
    }
    std::string map_id(const std::string& name) const { return registry.scope.value() + "/scopeMaps/" + name; }
};

TEST_F(TokenStore, ARegistryComesWithTheSystemScopeMaps) {
    for (const SystemScopeMap& one : system_scope_maps()) {
        auto found =
            database.read([&](Session& s) { return find_resource(s, WorldBuilder::scope(map_id(std::string(one.name)))); });
        ASSERT_TRUE(found && *found) << one.name;
        EXPECT_EQ((*found)->properties.at("actions").as_array().size(), one.actions.size());
    }
    // What hangs on the registry as Azure hides it is not among the resources of the subscription.
    auto all = database.read(
        [&](Session& s) { return list_resources(s, database.first->subscription, std::nullopt, std::nullopt, "", 100); });
    ASSERT_EQ(all->size(), 1U);
    EXPECT_EQ(all->front().name, registry.name);
    auto maps = database.read(
        [&](Session& s) { return list_resources(s, database.first->subscription, std::nullopt, scope_map_type, "", 100); });
    EXPECT_EQ(maps->size(), 5U);
}

TEST_F(TokenStore, TheNextStartAddsThemToOlderRegistries) {
    ASSERT_TRUE(database.write([](Session& s) {
        return s.execute("delete from resources where type_key = 'microsoft.containerregistry/registries/scopemaps'");
    }));
    const CredentialInfo info{Guid::random(), "abc", std::nullopt, test_time, test_time};
    ASSERT_TRUE(sync_wait(bootstrap(*database, {}, info, "sha256$00", test_time)));
    EXPECT_EQ(database.count("select count(*) from resources where type_key = "
                             "'microsoft.containerregistry/registries/scopemaps'"),
              5);
}

TEST_F(TokenStore, TokensAreInTheWorldWithTheirScopeMaps) {
    insert(map("mine", {"repositories/team/*/content/read", "nonsense", 7}));
    Resource readers = map("readers", {"repositories/app/content/read", "nonsense"});
    insert(readers);
    const auto row = insert(token("CI", map_id("READERS")));
    insert(token("all", map_id("_repositories_admin")));
    insert(token("off", map_id("_repositories_pull"), "Disabled"));
    insert(token("odd", map_id("mine")));
    insert(token("lost", map_id("nowhere")));
    // A map of another registry is none.
    insert(token("thief", WorldBuilder::scope("/subscriptions/" + registry.subscription.value() +
                                              "/resourceGroups/berth/providers/Microsoft.ContainerRegistry/registries/other/"
                                              "scopeMaps/_repositories_admin")
                              .value()));

    auto before = world();
    const Registry& here = before->registries().front();
    const RegistryToken* ci = before->find_token(here, "ci");
    ASSERT_NE(ci, nullptr);
    EXPECT_EQ(ci->name, "CI");
    EXPECT_EQ(ci->row, row);
    EXPECT_EQ(ci->registry, here.id);
    EXPECT_TRUE(ci->enabled);
    EXPECT_EQ(before->find_token(ci->id), ci);
    EXPECT_TRUE(ci->scope_map->allows("app", TokenAction::content_read));
    EXPECT_FALSE(ci->scope_map->allows("app", TokenAction::content_write));
    EXPECT_TRUE(before->find_token(here, "all")->scope_map->allows("any/thing", TokenAction::content_delete));
    EXPECT_FALSE(before->find_token(here, "off")->enabled);
    for (const auto* name : {"odd", "lost", "thief"}) {
        EXPECT_TRUE(before->find_token(here, name)->scope_map->entries().empty()) << name;
    }
    EXPECT_EQ(before->find_token(here, "nobody"), nullptr);

    // A changed map counts for tokens that there are.
    readers.properties = {{"actions", boost::json::array{"repositories/app/content/write"}}};
    ASSERT_TRUE(database.write([&](Session& s) { return update_resource(s, readers); }));
    const auto after = world();
    EXPECT_FALSE(after->find_token(ci->id)->scope_map->allows("app", TokenAction::content_read));
    EXPECT_TRUE(after->find_token(ci->id)->scope_map->allows("app", TokenAction::content_write));
}

TEST_F(TokenStore, PasswordsAreReplacedAndEnd) {
    const auto row = insert(token("ci", map_id("_repositories_pull")));
    const auto put = [&](std::int64_t to, const TokenPassword& password) {
        return database.write([&](Session& s) { return put_token_password(s, to, password); });
    };
    const TokenPassword first{"password1", "sha256$01", test_time, test_time + std::chrono::hours(1)};
    const TokenPassword second{"password2", "sha256$02", test_time, std::nullopt};
    ASSERT_TRUE(put(row, second));
    ASSERT_TRUE(put(row, first));
    EXPECT_EQ(code_of(put(row, {"password3", "sha256$03", test_time, {}})), ErrorCode::invalid_parameter);
    EXPECT_EQ(code_of(put(registry.row, first)), ErrorCode::not_found) << "a registry is no token";
    EXPECT_EQ(code_of(put(row + 1000, first)), ErrorCode::not_found);
    const auto all = [&] { return *database.read([&](Session& s) { return list_token_passwords(s, row); }); };
    const auto valid = [&](std::chrono::minutes later) {
        return *database.read([&](Session& s) { return valid_token_passwords(s, row, test_time + later); });
    };
    EXPECT_EQ(all(), (std::vector{first, second}));
    EXPECT_EQ(valid(std::chrono::minutes(59)), (std::vector{first, second}));
    EXPECT_EQ(valid(std::chrono::minutes(60)), std::vector{second});
    const TokenPassword again{"password1", "sha256$04", test_time, std::nullopt};
    ASSERT_TRUE(put(row, again));
    EXPECT_EQ(all(), (std::vector{again, second}));
    ASSERT_TRUE(database.write([&](Session& s) { return delete_token_password(s, row, "password2"); }));
    EXPECT_EQ(code_of(database.write([&](Session& s) { return delete_token_password(s, row, "password2"); })),
              ErrorCode::not_found);
    EXPECT_EQ(all(), std::vector{again});
}

TEST_F(TokenStore, ADeletedTokenOrRegistryLeavesNothingToTheNextOfThatName) {
    const Resource ci = token("ci", map_id("_repositories_pull"));
    const auto row = insert(ci);
    ASSERT_TRUE(database.write(
        [&](Session& s) { return put_token_password(s, row, {"password1", "sha256$01", test_time, std::nullopt}); }));
    const auto id = world()->find_token(world()->registries().front(), "ci")->id;
    ASSERT_TRUE(database.write([&](Session& s) { return delete_resource(s, ci.scope, test_time); }));
    EXPECT_EQ(database.count("select count(*) from token_passwords"), 0);
    EXPECT_EQ(world()->find_token(id), nullptr);
    const auto second = insert(token("ci", map_id("_repositories_pull")));
    EXPECT_NE(second, row);
    EXPECT_NE(world()->find_token(world()->registries().front(), "ci")->id, id);
    ASSERT_TRUE(database.write(
        [&](Session& s) { return put_token_password(s, second, {"password1", "sha256$01", test_time, std::nullopt}); }));

    ASSERT_TRUE(database.write([&](Session& s) { return delete_resource(s, registry.scope, test_time); }));
    EXPECT_EQ(database.count("select count(*) from token_passwords"), 0);
    EXPECT_EQ(database.count("select count(*) from resources where type_key like '%/tokens' or type_key like '%/scopemaps'"),
              0);
    Resource anew = registry;
    anew.guid = Guid::random();
    insert(anew);
    EXPECT_TRUE(world()->tokens().empty());
}

} // namespace
} // namespace berth::tenant
