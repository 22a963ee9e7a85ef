#include "control_plane/control_plane.hpp"
#include "gateway/testing/gateway_fixture.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace berth::control_plane {
namespace {

using enum http::Method;
using gateway::GatewayFixture;

// Azure's limits (azure-rbac-and-arm section 1.7), reached by rows that are written directly.
class AuthorizationLimits : public testing::Test {
protected:
    GatewayFixture fixture{[](const gateway::Services& services) { return ControlPlane(services).routes(); }};

    GatewayFixture::Answer put_at(const std::string& scope, std::string_view type, std::string body) {
        return fixture.call(fixture.owner(), put,
                            fmt::format("{}/providers/Microsoft.Authorization/{}/{}?api-version=2022-04-01", scope, type,
                                        Guid::random().value()),
                            std::move(body));
    }
    GatewayFixture::Answer put_assignment(const std::string& scope) {
        return put_at(scope, "roleAssignments",
                      fmt::format(R"({{"properties":{{"roleDefinitionId":"{}","principalId":"{}","principalType":"User"}}}})",
                                  rbac::find_built_in_role(std::string_view("AcrPull"))->id.value(), Guid::random().value()));
    }
    GatewayFixture::Answer put_role() {
        return put_at(fixture.subscription(), "roleDefinitions",
                      fmt::format(R"({{"properties":{{"roleName":"{}","permissions":[{{"actions":["*/read"]}}],
                                     "assignableScopes":["{}"]}}}})",
                                  Guid::random().value(), fixture.subscription()));
    }
    // Runs `sql` with an id, the tenant and the scope so many times.
    void insert(std::int64_t count, std::string_view sql, const std::string& scope) {
        const auto written = fixture.database.write([&](storage::Session& session) -> Result<std::int64_t> {
            for (std::int64_t i = 0; i < count; ++i) {
                const std::string id = Guid::random().value();
                const std::string key = to_lower(scope);
                auto done = session.execute(sql, id, fixture.tenant().value(), scope, key);
                if (!done) return failure(std::move(done));
            }
            return count;
        });
        ASSERT_TRUE(written) << written.error().message;
    }
    std::int64_t count(std::string_view sql) {
        return *fixture.database.read([&](storage::Session& session) -> Result<std::int64_t> {
            auto rows = session.query(sql);
            if (!rows) return failure(std::move(rows));
            auto more = rows->next();
            if (!more) return failure(std::move(more));
            return rows->integer(0);
        });
    }

    static constexpr std::string_view insert_assignment =
        "insert into role_assignments(id, tenant_id, scope, scope_key, role_definition_id, principal_id, principal_type, "
        "created_at, created_by, updated_at, updated_by) values (?1, ?2, ?3, ?4, ?1, ?1, 'User', 0, '', 0, '')";
    static constexpr std::string_view insert_role =
        "insert into role_definitions(id, tenant_id, name, name_key, description, permissions, assignable_scopes, "
        "created_at, created_by, updated_at, updated_by) values (?1, ?2, ?1, ?1, ?3 || ?4, '[]', '[]', 0, '', 0, '')";
};

TEST_F(AuthorizationLimits, FourThousandAssignmentsInASubscription) {
    const std::int64_t there = count("select count(*) from role_assignments");
    insert(tenant::max_role_assignments - there - 1, insert_assignment, fixture.registry().value());
    EXPECT_EQ(put_assignment(fixture.group()).status, 201U);
    const auto refused = put_assignment(fixture.subscription());
    EXPECT_EQ(refused.status, 400U) << refused.text;
    EXPECT_EQ(refused.code(), "RoleAssignmentLimitExceeded");
    EXPECT_TRUE(refused.message().starts_with("No more role assignments can be created")) << refused.message();
    EXPECT_EQ(count("select count(*) from role_assignments"), tenant::max_role_assignments);
}

TEST_F(AuthorizationLimits, FiveHundredAssignmentsAtAManagementGroup) {
    const std::string group = "/providers/Microsoft.Management/managementGroups/" + fixture.tenant().value();
    fixture.call(fixture.owner(), post, "/providers/Microsoft.Authorization/elevateAccess?api-version=2022-04-01");
    insert(tenant::max_role_assignments_above - 1, insert_assignment, group);
    EXPECT_EQ(put_assignment(group).status, 201U);
    const auto refused = put_assignment(group);
    EXPECT_EQ(refused.code(), "RoleAssignmentLimitExceeded") << refused.text;
    EXPECT_EQ(put_assignment(fixture.group()).status, 201U) << "those of a management group do not count in a subscription";
}

TEST_F(AuthorizationLimits, FiveThousandCustomRolesInATenant) {
    insert(tenant::max_role_definitions - 1, insert_role, "");
    EXPECT_EQ(put_role().status, 201U);
    const auto refused = put_role();
    EXPECT_EQ(refused.status, 400U) << refused.text;
    EXPECT_EQ(refused.code(), "RoleDefinitionLimitExceeded");
    EXPECT_EQ(refused.message(), "Role definition limit exceeded. No more role definitions can be created.");
    EXPECT_EQ(count("select count(*) from role_definitions"), tenant::max_role_definitions);
}

} // namespace
} // namespace berth::control_plane
