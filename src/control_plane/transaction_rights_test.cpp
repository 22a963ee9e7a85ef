// A right that ends between the decision and the transaction of a change: the request's world still has it, the rows have
// not. Here the rows change with no refresh, so that this moment lasts.

#include "control_plane/control_plane.hpp"
#include "gateway/testing/gateway_fixture.hpp"
#include "tenant/lock_store.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace berth::control_plane {
namespace {

using enum http::Method;
using gateway::GatewayFixture;
using storage::Session;

class TransactionRights : public testing::Test {
protected:
    GatewayFixture fixture{[](const gateway::Services& services) { return ControlPlane(services).routes(); }};
    const Guid& owner = fixture.owner();
    const std::string registry = fixture.registry().value();
    const Guid administrator = fixture.new_principal("Owner", registry);
    const std::string assignments = registry + "/providers/Microsoft.Authorization/roleAssignments/";
    const std::string definitions = registry + "/providers/Microsoft.Authorization/roleDefinitions/";
    const std::string denials = registry + "/providers/Microsoft.Authorization/denyAssignments/";

    GatewayFixture::Answer call(const Guid& who, http::Method method, const std::string& path, std::string body = {}) {
        return fixture.call(who, method, path + "?api-version=2024-07-01-preview", std::move(body));
    }
    std::string assignment_body(const Guid& role) const {
        return fmt::format(R"({{"properties":{{"roleDefinitionId":"/providers/Microsoft.Authorization/roleDefinitions/{}",)"
                           R"("principalId":"{}","principalType":"User"}}}})",
                           role.value(), Guid::random().value());
    }
    std::string definition_body() const {
        return fmt::format(R"({{"properties":{{"roleName":"Mine","permissions":[{{"actions":["*/read"]}}],)"
                           R"("assignableScopes":["{}"]}}}})",
                           registry);
    }
    static std::string denial_body() {
        return fmt::format(R"({{"properties":{{"denyAssignmentName":"No {0}","permissions":[{{"actions":["*/delete"]}}],)"
                           R"("principals":[{{"id":"{0}","type":"User"}}]}}}})",
                           Guid::random().value());
    }
    // Changes one row behind the back of the current world.
    void change_row(std::string_view sql, const Guid& id) {
        ASSERT_EQ(fixture.database.write([&](Session& session) { return session.execute(sql, id.value()); }).value_or(0), 1);
    }
    static Guid reader() { return rbac::find_built_in_role(std::string_view("Reader"))->id; }
};

TEST_F(TransactionRights, ARevokedOneChangesNothing) {
    const std::string role = Guid::random().value();
    const std::string assignment = Guid::random().value();
    const std::string denial = Guid::random().value();
    ASSERT_EQ(call(administrator, put, definitions + role, definition_body()).status, 201U);
    ASSERT_EQ(call(administrator, put, assignments + assignment, assignment_body(reader())).status, 201U);
    ASSERT_EQ(call(administrator, put, denials + denial, denial_body()).status, 201U);

    const auto before = fixture.database.count("select max(sequence) from world_changes");
    change_row("delete from role_assignments where principal_id = ?1", administrator);
    const struct {
        http::Method method;
        std::string path;
        std::string body;
    } rows[] = {
        {put, assignments + Guid::random().value(), assignment_body(reader())},
        {delete_, assignments + assignment, {}},
        {put, definitions + Guid::random().value(), definition_body()},
        {put, definitions + role, definition_body()},
        {delete_, definitions + role, {}},
        {put, denials + Guid::random().value(), denial_body()},
        {delete_, denials + denial, {}},
    };
    for (const auto& row : rows) {
        const auto answer = call(administrator, row.method, row.path, row.body);
        EXPECT_EQ(answer.status, 403U) << row.path << ' ' << answer.text;
    }
    EXPECT_EQ(fixture.database.count("select max(sequence) from world_changes"), before + 1) << "the revocation alone";
    EXPECT_EQ(call(owner, delete_, denials + denial).status, 200U);
}

// What a type's routes and actions change, on a registry that is there.
struct ResourceCall {
    http::Method method;
    std::string path;
    std::string body;
};

class TransactionRightsOfResources : public TransactionRights {
protected:
    const std::string scope_map = registry + "/scopeMaps/readers";
    const std::string token = registry + "/tokens/reader";

    GatewayFixture::Answer call(const Guid& who, http::Method method, const std::string& path, std::string body = {}) {
        return fixture.call(who, method, path + "?api-version=2025-11-01", std::move(body));
    }
    void SetUp() override {
        ASSERT_EQ(call(owner, put, scope_map, R"({"properties":{"actions":["repositories/a/content/read"]}})").status, 201U);
        const std::string body = fmt::format(R"({{"properties":{{"scopeMapId":"{}","status":"enabled"}}}})", scope_map);
        ASSERT_EQ(call(owner, put, token, body).status, 201U);
        ASSERT_EQ(call(owner, patch, registry, R"({"properties":{"adminUserEnabled":true}})").status, 200U);
    }
    std::vector<ResourceCall> changes() const {
        const std::string put_registry =
            fmt::format(R"({{"location":"{}","sku":{{"name":"Premium"}}}})", fixture.database.first->registry->location);
        return {
            {put, registry, put_registry},
            {patch, registry, R"({"tags":{"a":"b"}})"},
            {put, registry + "/scopeMaps/others", R"({"properties":{"actions":["repositories/a/content/read"]}})"},
            {patch, scope_map, R"({"properties":{"actions":["repositories/b/content/read"]}})"},
            {post, registry + "/updatePolicies", R"({"exportPolicy":{"status":"enabled"}})"},
            {post, registry + "/generateCredentials", fmt::format(R"({{"tokenId":"{}"}})", token)},
            {post, registry + "/regenerateCredential", R"({"name":"password"})"},
            {post, registry + "/importImage",
             R"({"source":{"registryUri":"docker.example.org","sourceImage":"a:b"},"targetTags":["a:b"]})"},
        };
    }
    void set_lock(tenant::LockLevel level) {
        const tenant::ResourceLock lock{.id = Guid::random(),
                                        .name = "held",
                                        .scope = rbac::Scope::parse(registry).value(),
                                        .level = level,
                                        .notes = std::nullopt,
                                        .owners = {},
                                        .created_at = fixture.clock.now(),
                                        .created_by = owner.value(),
                                        .updated_at = fixture.clock.now(),
                                        .updated_by = owner.value()};
        auto put_it = [&](Session& session) { return tenant::put_lock(session, fixture.tenant(), lock); };
        ASSERT_TRUE(fixture.database.write(put_it));
    }
};

TEST_F(TransactionRightsOfResources, ARevokedOneChangesNothing) {
    change_row("delete from role_assignments where principal_id = ?1", administrator);
    const auto before = fixture.database.count("select count(*) from events");
    auto calls = changes();
    for (const std::string& path : {token, scope_map, registry}) calls.push_back({delete_, path, {}});
    for (const auto& one : calls) {
        const auto answer = call(administrator, one.method, one.path, one.body);
        EXPECT_EQ(answer.status, 403U) << one.path << ' ' << answer.text;
    }
    EXPECT_EQ(fixture.database.count("select count(*) from events"), before) << "nothing was changed";
    EXPECT_EQ(fixture.database.count("select count(*) from operations"), 0) << "nothing was begun";
}

TEST_F(TransactionRightsOfResources, AReadOnlyLockSetMeanwhileStopsEveryChange) {
    set_lock(tenant::LockLevel::read_only);
    const auto before = fixture.database.count("select count(*) from events");
    auto calls = changes();
    for (const std::string& path : {token, scope_map, registry}) calls.push_back({delete_, path, {}});
    for (const auto& one : calls) {
        const auto answer = call(owner, one.method, one.path, one.body);
        EXPECT_EQ(answer.status, 409U) << one.path << ' ' << answer.text;
        EXPECT_EQ(answer.code(), "ScopeLocked") << one.path << ' ' << answer.text;
    }
    EXPECT_EQ(fixture.database.count("select count(*) from events"), before) << "nothing was changed";
}

TEST_F(TransactionRightsOfResources, ALockAgainstDeletionSetMeanwhileCountsAboveAndBelow) {
    set_lock(tenant::LockLevel::can_not_delete);
    const std::string group = registry.substr(0, registry.find("/providers/"));
    for (const std::string& path : {token, scope_map, registry, group}) {
        const auto answer = call(owner, delete_, path);
        EXPECT_EQ(answer.code(), "ScopeLocked") << path << ' ' << answer.text;
    }
    EXPECT_EQ(call(owner, patch, registry, R"({"tags":{"a":"b"}})").status, 200U) << "it may still be changed";
}

TEST_F(TransactionRights, ARevokedOneMakesNoSubscription) {
    const Guid above = fixture.new_principal("Owner", "/");
    const auto make = [&] {
        return call(above, put, fmt::format("/providers/Microsoft.Subscription/aliases/{}", Guid::random().value()),
                    R"({"properties":{"displayName":"New","workload":"Production"}})");
    };
    const auto made = make();
    ASSERT_EQ(made.status, 201U) << made.text;
    change_row("delete from role_assignments where principal_id = ?1 and scope = '/'", above);
    const auto subscriptions = fixture.database.count("select count(*) from subscriptions");
    const auto refused = make();
    EXPECT_EQ(refused.status, 403U) << refused.text;
    EXPECT_EQ(fixture.database.count("select count(*) from subscriptions"), subscriptions);
}

TEST_F(TransactionRights, ADisabledPrincipalChangesNothing) {
    change_row("update principals set enabled = 0 where id = ?1", administrator);
    const auto answer = call(administrator, put, assignments + Guid::random().value(), assignment_body(reader()));
    EXPECT_EQ(answer.status, 401U) << answer.text;
}

TEST_F(TransactionRights, ARoleThatIsGoneIsNotAssigned) {
    const Guid role = Guid::random();
    ASSERT_EQ(call(administrator, put, definitions + role.value(), definition_body()).status, 201U);
    change_row("delete from role_definitions where id = ?1", role);
    const auto answer = call(administrator, put, assignments + Guid::random().value(), assignment_body(role));
    EXPECT_EQ(answer.code(), "RoleDefinitionDoesNotExist") << answer.text;
}

} // namespace
} // namespace berth::control_plane
