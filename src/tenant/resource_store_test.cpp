#include "base/encoding.hpp"
#include "tenant/authorization_store.hpp"
#include "tenant/resource_store.hpp"
#include "tenant/testing/tenant_database.hpp"
#include "tenant/testing/world_builder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace berth::tenant {
namespace {

using storage::Session;

class ResourceStore : public testing::Test {
protected:
    TenantDatabase database;
    const Guid subscription = database.first->subscription;

    rbac::Scope scope(const std::string& tail) const {
        return WorldBuilder::scope("/subscriptions/" + subscription.value() + tail);
    }
    Resource resource(const std::string& group, const std::string& type, const std::string& name,
                      const std::string& tail) const {
        return {.row = 0,
                .guid = Guid::random(),
                .tenant = database.first->tenant,
                .subscription = subscription,
                .resource_group = group,
                .type = type,
                .name = name,
                .scope = scope(tail),
                .location = "westeurope",
                .tags = {{"team", "a"}},
                .sku = "Premium",
                .properties = {{"adminUserEnabled", true}},
                .created_at = test_time,
                .created_by = "maker",
                .updated_at = test_time,
                .updated_by = "maker"};
    }
    Resource registry(const std::string& group, const std::string& name) const {
        return resource(group, "Microsoft.ContainerRegistry/registries", name,
                        fmt::format("/resourceGroups/{}/providers/Microsoft.ContainerRegistry/registries/{}", group, name));
    }
    Resource resource_group(const std::string& name) const {
        return resource(name, "Microsoft.Resources/resourceGroups", name, "/resourceGroups/" + name);
    }
    std::optional<ErrorCode> insert(const Resource& value) {
        return code_of(database.write([&](Session& s) { return insert_resource(s, value); }));
    }
    std::vector<std::string> names(std::optional<std::string_view> group, std::optional<std::string_view> type,
                                   const std::string& after = "", std::size_t limit = 100) {
        std::vector<std::string> out;
        auto page = database.read([&](Session& s) { return list_resources(s, subscription, group, type, after, limit); });
        for (const Resource& item : *page) out.push_back(item.name);
        return out;
    }
};

TEST_F(ResourceStore, ComesBackAsItWasInserted) {
    // The request's path may spell the types in any way; what is read back has Azure's spelling.
    Resource in = registry("TeamA", "Images1");
    in.scope = scope("/resourcegroups/TeamA/providers/microsoft.containerregistry/REGISTRIES/Images1");
    auto row = database.write([&](Session& s) { return insert_resource(s, in); });
    ASSERT_TRUE(row);
    auto found = database.read([&](Session& s) { return find_resource(s, WorldBuilder::scope(to_lower(in.scope.value()))); });
    ASSERT_TRUE(found && *found);
    const Resource& out = **found;
    EXPECT_EQ(out.row, *row);
    EXPECT_EQ(out.guid, in.guid);
    EXPECT_EQ(out.tenant, in.tenant);
    EXPECT_EQ(out.subscription, subscription);
    EXPECT_EQ(out.resource_group, "TeamA");
    EXPECT_EQ(out.type, "Microsoft.ContainerRegistry/registries");
    EXPECT_EQ(out.name, "Images1");
    EXPECT_EQ(out.scope.value(), fmt::format("/subscriptions/{}/resourceGroups/TeamA/providers/"
                                             "Microsoft.ContainerRegistry/registries/Images1",
                                             subscription.value()));
    EXPECT_EQ(out.tags, in.tags);
    EXPECT_EQ(out.sku, "Premium");
    EXPECT_EQ(out.properties, in.properties);
    EXPECT_EQ(out.created_at, test_time);
    EXPECT_FALSE(*database.read([&](Session& s) { return find_resource(s, scope("/resourceGroups/none")); }));
}

TEST_F(ResourceStore, ChildResourcesAndGroupsHaveTheirTypes) {
    ASSERT_EQ(insert(resource_group("TeamA")), std::nullopt);
    const std::string tail = "/resourceGroups/TeamA/providers/Microsoft.ContainerRegistry/registries/Images1/tokens/T1";
    ASSERT_EQ(insert(resource("TeamA", "Microsoft.ContainerRegistry/registries/tokens", "T1", tail)), std::nullopt);
    auto group = database.read([&](Session& s) { return find_resource(s, scope("/resourceGroups/teama")); });
    EXPECT_EQ((*group)->type, "Microsoft.Resources/resourceGroups");
    EXPECT_EQ((*group)->resource_group, "TeamA");
    auto token = database.read([&](Session& s) { return find_resource(s, scope(tail)); });
    EXPECT_EQ((*token)->type, "Microsoft.ContainerRegistry/registries/tokens");
    EXPECT_EQ((*token)->name, "T1");
}

TEST_F(ResourceStore, NamesAreTakenOnce) {
    ASSERT_EQ(insert(registry("TeamA", "Images1")), std::nullopt);
    EXPECT_EQ(insert(registry("teama", "IMAGES1")), ErrorCode::already_exists);
    EXPECT_EQ(insert(registry("TeamB", "images1")), ErrorCode::already_exists); // the name is global
    ASSERT_EQ(insert(resource("TeamA", "Microsoft.Storage/accounts", "Images1",
                              "/resourceGroups/TeamA/providers/Microsoft.Storage/accounts/Images1")),
              std::nullopt); // of another type
}

TEST_F(ResourceStore, RefusesAScopeThatIsNotTheResources) {
    Resource odd = registry("TeamA", "Images1");
    odd.type = "Microsoft.Storage/accounts";
    EXPECT_EQ(insert(odd), ErrorCode::invalid_parameter);
    odd = registry("TeamA", "Images1");
    odd.resource_group = "TeamB";
    EXPECT_EQ(insert(odd), ErrorCode::invalid_parameter);
    odd = registry("TeamA", "Images1");
    odd.scope = WorldBuilder::scope("/");
    EXPECT_EQ(insert(odd), ErrorCode::invalid_parameter);
}

TEST_F(ResourceStore, Updates) {
    Resource value = registry("TeamA", "Images1");
    ASSERT_EQ(insert(value), std::nullopt);
    value.location = "northeurope";
    value.tags = {};
    value.sku = "Basic";
    value.properties = {{"adminUserEnabled", false}};
    value.updated_at = test_time + std::chrono::hours(1);
    value.updated_by = "changer";
    ASSERT_TRUE(database.write([&](Session& s) { return update_resource(s, value); }));
    auto found = database.read([&](Session& s) { return find_resource(s, value.scope); });
    EXPECT_EQ((*found)->location, "northeurope");
    EXPECT_TRUE((*found)->tags.empty());
    EXPECT_EQ((*found)->sku, "Basic");
    EXPECT_EQ((*found)->properties, value.properties);
    EXPECT_EQ((*found)->created_by, "maker");
    EXPECT_EQ((*found)->updated_by, "changer");
    EXPECT_EQ((*found)->updated_at, value.updated_at);
    EXPECT_EQ(code_of(database.write([&](Session& s) { return update_resource(s, registry("TeamA", "Other1")); })),
              ErrorCode::not_found);
}

TEST_F(ResourceStore, ListsPageByPage) {
    for (const auto* name : {"Bravo", "alpha", "Charlie"}) ASSERT_EQ(insert(registry("TeamA", name)), std::nullopt);
    ASSERT_EQ(insert(registry("TeamB", "delta")), std::nullopt);
    ASSERT_EQ(insert(resource_group("TeamA")), std::nullopt);
    ASSERT_EQ(insert(resource_group("TeamA2")), std::nullopt);
    ASSERT_EQ(insert(resource("TeamA", "Microsoft.Storage/accounts", "store",
                              "/resourceGroups/TeamA/providers/Microsoft.Storage/accounts/store")),
              std::nullopt);
    const std::string_view registries = "microsoft.containerregistry/Registries";
    using Names = std::vector<std::string>;
    EXPECT_EQ(names("teama", registries), (Names{"alpha", "Bravo", "Charlie"}));
    EXPECT_EQ(names(std::nullopt, registries), (Names{"berth0", "alpha", "Bravo", "Charlie", "delta"}));
    EXPECT_EQ(names("TEAMA", std::nullopt), (Names{"alpha", "Bravo", "Charlie", "store"}));
    EXPECT_EQ(names(std::nullopt, "Microsoft.Resources/resourceGroups"), (Names{"berth", "TeamA", "TeamA2"}));
    EXPECT_EQ(names("none", registries), Names{});

    Names paged;
    std::string after;
    while (true) {
        auto page =
            database.read([&](Session& s) { return list_resources(s, subscription, std::nullopt, registries, after, 2); });
        ASSERT_TRUE(page);
        if (page->empty()) break;
        EXPECT_LE(page->size(), 2U);
        for (const Resource& item : *page) paged.push_back(item.name);
        after = page->back().scope.key();
    }
    EXPECT_EQ(paged, names(std::nullopt, registries));
    auto elsewhere =
        database.read([&](Session& s) { return list_resources(s, Guid::random(), std::nullopt, std::nullopt, "", 10); });
    EXPECT_TRUE(elsewhere->empty());
}

TEST_F(ResourceStore, DeletingTakesWhatHangsOnIt) {
    const Resource one = registry("TeamA", "Images1");
    const Resource ten = registry("TeamA", "Images10");
    ASSERT_EQ(insert(resource_group("TeamA")), std::nullopt);
    auto row = database.write([&](Session& s) { return insert_resource(s, one); });
    ASSERT_TRUE(row);
    ASSERT_EQ(insert(ten), std::nullopt);
    const auto assign = [&](const rbac::Scope& where) {
        const rbac::RoleAssignment assignment{.id = Guid::random(),
                                              .scope = where,
                                              .role_definition = Guid::random(),
                                              .principal = Guid::random(),
                                              .principal_type = "User",
                                              .condition = {},
                                              .description = std::nullopt,
                                              .created_at = test_time,
                                              .created_by = {},
                                              .updated_at = test_time,
                                              .updated_by = {}};
        return database.write([&](Session& s) { return put_role_assignment(s, database.first->tenant, assignment); });
    };
    ASSERT_TRUE(assign(one.scope));
    ASSERT_TRUE(assign(WorldBuilder::scope(one.scope.value() + "/tokens/t")));
    ASSERT_TRUE(assign(ten.scope));
    ASSERT_TRUE(assign(scope("/resourceGroups/TeamA")));

    // An image in it: repository, blob, manifest, tag.
    const Digest blob = Digest::of(as_bytes("blob"));
    const Digest manifest = Digest::of(as_bytes("manifest"));
    auto filled = database.write([&](Session& s) -> Result<void> {
        auto repository = s.query("insert into repositories(registry_id, name, created_at, updated_at) "
                                  "values (?1, 'app', 0, 0) returning id",
                                  *row);
        if (!repository || !repository->next()) return failure(std::move(repository));
        const std::int64_t id = repository->integer(0);
        auto done =
            s.execute("insert into blobs(digest, size, content, created_at) values (?1, 4, ?2, 0)", blob, as_bytes("blob"));
        if (!done) return failure(std::move(done));
        done = s.execute("insert into repository_blobs(repository_id, digest, created_at) values (?1, ?2, 0)", id, blob);
        if (!done) return failure(std::move(done));
        done = s.execute("insert into manifests(repository_id, digest, media_type, image_size, content, created_at, "
                         "updated_at) values (?1, ?2, 'm', 8, ?3, 0, 0)",
                         id, manifest, as_bytes("manifest"));
        if (!done) return failure(std::move(done));
        done = s.execute("insert into tags(repository_id, name, digest, created_at, updated_at) "
                         "values (?1, 'latest', ?2, 0, 0)",
                         id, manifest);
        if (!done) return failure(std::move(done));
        return {};
    });
    ASSERT_TRUE(filled) << filled.error().message;

    ASSERT_TRUE(database.write([&](Session& s) { return delete_resource(s, one.scope, test_time); }));
    EXPECT_EQ(names("TeamA", std::nullopt), std::vector<std::string>{"Images10"});
    EXPECT_EQ(database.count("select count(*) from role_assignments"), 3); // Images10's, the group's, the Owner's
    for (const std::string_view sql : {"select count(*) from repositories", "select count(*) from manifests",
                                       "select count(*) from tags", "select count(*) from repository_blobs"}) {
        EXPECT_EQ(database.count(sql), 0) << sql;
    }
    EXPECT_EQ(database.count("select count(*) from blobs"), 1); // the collector's business
    EXPECT_EQ(database.count("select count(*) from garbage_candidates where queued_at = 1800000000000000"), 1);
    EXPECT_EQ(code_of(database.write([&](Session& s) { return delete_resource(s, one.scope); })), ErrorCode::not_found);

    // The name made anew starts with nothing: no role that was given on the old one.
    ASSERT_EQ(insert(registry("TeamA", "Images1")), std::nullopt);
    EXPECT_EQ(database.count("select count(*) from role_assignments"), 3);

    // A group takes what is in it, and only that.
    ASSERT_TRUE(database.write([&](Session& s) { return delete_resource(s, scope("/resourceGroups/teama")); }));
    EXPECT_EQ(names(std::nullopt, std::nullopt), std::vector<std::string>{"berth0"});
    EXPECT_EQ(database.count("select count(*) from role_assignments"), 1);
}

} // namespace
} // namespace berth::tenant
