// A right that ends between the decision and the transaction of a change: the request's world still has it, the rows have
// not. Here the rows change with no refresh, so that this moment lasts.

#include "control_plane/control_plane.hpp"
#include "gateway/testing/gateway_fixture.hpp"

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
