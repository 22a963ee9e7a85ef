#include "control_plane/control_plane.hpp"
#include "gateway/testing/gateway_fixture.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace berth::control_plane {
namespace {

using enum http::Method;
using gateway::GatewayFixture;

class Arm : public testing::Test {
protected:
    GatewayFixture fixture{[](const gateway::Services& services) { return ControlPlane(services).routes(); }};
    const Guid& owner = fixture.owner();
    const std::string registry = fixture.registry().value();

    GatewayFixture::Answer call(const Guid& who, http::Method method, const std::string& path, std::string body = {}) {
        return fixture.call(who, method, path + (path.find('?') == std::string::npos ? "?" : "&") + "api-version=2022-04-01",
                            std::move(body));
    }
    static std::string role_id(std::string_view name) {
        return "/providers/Microsoft.Authorization/roleDefinitions/" + rbac::find_built_in_role(name)->id.value();
    }
    static std::string assignment(const std::string& scope, const Guid& id) {
        return (scope == "/" ? "" : scope) + "/providers/Microsoft.Authorization/roleAssignments/" + id.value();
    }
    GatewayFixture::Answer assign(const Guid& who, std::string_view role, const Guid& principal, const std::string& scope,
                                  const Guid& id = Guid::random()) {
        return call(who, put, assignment(scope, id),
                    fmt::format(R"({{"properties":{{"roleDefinitionId":"{}","principalId":"{}"}}}})", role_id(role),
                                principal.value()));
    }
    static std::string role_body(std::string_view name, std::string_view scopes,
                                 std::string_view actions = R"("Microsoft.ContainerRegistry/registries/read")") {
        return fmt::format(R"({{"properties":{{"roleName":"{}","permissions":[{{"actions":[{}]}}],"assignableScopes":[{}]}}}})",
                           name, actions, scopes);
    }
    static std::string quoted(const std::string& text) { return '"' + text + '"'; }
};

TEST_F(Arm, AnAssignmentCountsAtOnceAndEndsAtOnce) {
    const Guid nobody = fixture.new_principal();
    EXPECT_EQ(call(nobody, get, registry).status, 403U);
    const Guid id = Guid::random();
    const auto made = assign(owner, "Reader", nobody, registry, id);
    ASSERT_EQ(made.status, 201U) << made.text;
    EXPECT_EQ(made.json.at("properties").at("principalType").as_string(), "ServicePrincipal");
    EXPECT_EQ(made.json.at("properties").at("roleDefinitionId").as_string(), fixture.subscription() + role_id("Reader"));
    EXPECT_EQ(call(nobody, get, registry).status, 200U);
    EXPECT_EQ(assign(owner, "Reader", nobody, registry, id).status, 201U) << "the same again changes nothing";
    const auto duplicate = assign(owner, "Reader", nobody, registry);
    EXPECT_EQ(duplicate.status, 409U);
    EXPECT_EQ(duplicate.code(), "RoleAssignmentExists");
    EXPECT_TRUE(duplicate.message().starts_with("The role assignment already exists."));
    EXPECT_EQ(assign(owner, "AcrPull", nobody, registry, id).code(), "RoleAssignmentUpdateNotPermitted");
    const auto removed = call(owner, delete_, assignment(registry, id));
    EXPECT_EQ(removed.status, 200U);
    EXPECT_EQ(removed.json.at("name").as_string(), id.value());
    EXPECT_EQ(call(nobody, get, registry).status, 403U);
    EXPECT_EQ(call(owner, delete_, assignment(registry, id)).status, 204U);
    EXPECT_EQ(call(owner, get, assignment(registry, id)).code(), "RoleAssignmentNotFound");
}

// A right at one scope must not reach an assignment of another one through its path.
TEST_F(Arm, AnAssignmentIsReachedAtItsOwnScopeOnly) {
    const Guid id = Guid::random();
    ASSERT_EQ(assign(owner, "Reader", fixture.new_principal(), fixture.subscription(), id).status, 201U);
    const Guid administrator = fixture.new_principal("User Access Administrator", registry);
    EXPECT_EQ(call(administrator, delete_, assignment(registry, id)).status, 204U);
    EXPECT_EQ(call(administrator, get, assignment(registry, id)).status, 404U);
    EXPECT_EQ(assign(administrator, "Reader", owner, registry, id).code(), "RoleAssignmentUpdateNotPermitted");
    EXPECT_EQ(call(administrator, delete_, assignment(fixture.subscription(), id)).status, 403U);
    EXPECT_EQ(call(owner, get, assignment(fixture.subscription(), id)).status, 200U);
}

TEST_F(Arm, AssignmentsNeedSomethingToHangOn) {
    const Guid nobody = fixture.new_principal();
    const auto code = [&](const std::string& scope) { return assign(owner, "Reader", nobody, scope).code(); };
    EXPECT_EQ(code(registry + "none"), "ResourceNotFound");
    EXPECT_EQ(code(fixture.subscription() + "/resourceGroups/none"), "ResourceGroupNotFound");
    EXPECT_EQ(assign(owner, "Reader", Guid::random(), registry).code(), "PrincipalNotFound");
    const Guid id = Guid::random();
    const auto unknown = call(owner, put, assignment(registry, id),
                              fmt::format(R"({{"properties":{{"roleDefinitionId":"{}","principalId":"{}"}}}})",
                                          "/providers/Microsoft.Authorization/roleDefinitions/" + id.value(), nobody.value()));
    EXPECT_EQ(unknown.status, 404U);
    EXPECT_EQ(unknown.code(), "RoleDefinitionDoesNotExist");
    const auto typed = [&](const Guid& principal, std::string_view type) {
        return call(owner, put, assignment(registry, Guid::random()),
                    fmt::format(R"({{"properties":{{"roleDefinitionId":"{}","principalId":"{}","principalType":"{}"}}}})",
                                role_id("AcrPull"), principal.value(), type));
    };
    EXPECT_EQ(typed(Guid::random(), "User").status, 201U) << "who names the type knows what they do";
    EXPECT_EQ(typed(nobody, "User").code(), "UnmatchedPrincipalType");
    EXPECT_EQ(call(owner, put, registry + "/providers/Microsoft.Authorization/roleAssignments/nothex", "{}").code(),
              "InvalidRoleAssignmentId");
    EXPECT_EQ(assign(owner, "Reader", nobody, "/").status, 403U) << "the Owner of a subscription is nobody at the root";
}

TEST_F(Arm, PathsAreMatchedAsClientsSendThem) {
    std::string doubled = registry;
    doubled.replace(doubled.find("ContainerRegistry/"), 18, "containerregistry//");
    const Guid id = Guid::random();
    EXPECT_EQ(call(owner, put, assignment(doubled, id),
                   fmt::format(R"({{"properties":{{"roleDefinitionId":"{}","principalId":"{}"}}}})", role_id("Reader"),
                               fixture.new_principal().value()))
                  .status,
              201U);
    const auto read = call(owner, get, assignment(registry, id));
    ASSERT_EQ(read.status, 200U);
    EXPECT_EQ(read.json.at("properties").at("scope").as_string(), registry) << "in the spelling of what is there";
}

TEST_F(Arm, CustomRolesNeedTheRightAtEveryScope) {
    ASSERT_EQ(call(owner, put, fixture.subscription() + "/resourceGroups/mine", R"({"location":"x"})").status, 201U);
    const std::string mine = fixture.subscription() + "/resourceGroups/mine";
    const Guid administrator = fixture.new_principal("User Access Administrator", mine);
    const Guid id = Guid::random();
    const std::string path = mine + "/providers/Microsoft.Authorization/roleDefinitions/" + id.value();
    const auto refused = call(administrator, put, path, role_body("Wide", quoted(mine) + "," + quoted(fixture.subscription())));
    EXPECT_EQ(refused.status, 403U) << refused.text;
    EXPECT_NE(refused.message().find("'Microsoft.Authorization/roleDefinitions/write'"), std::string::npos);
    EXPECT_EQ(call(administrator, put, path, role_body("Narrow", quoted(mine))).status, 201U);

    // What somebody with more rights widened is out of reach again.
    EXPECT_EQ(call(owner, put, path, role_body("Narrow", quoted(mine) + "," + quoted(fixture.group()))).status, 201U);
    EXPECT_EQ(call(administrator, put, path, role_body("Taken", quoted(mine), R"("*")")).status, 403U);
    EXPECT_EQ(call(administrator, delete_, path).status, 403U);
    EXPECT_EQ(call(owner, delete_, path).status, 200U);
    EXPECT_EQ(call(owner, delete_, path).status, 204U);
}

TEST_F(Arm, ARoleIsAssignedWhereItCanBe) {
    ASSERT_EQ(call(owner, put, fixture.subscription() + "/resourceGroups/mine", R"({"location":"x"})").status, 201U);
    const std::string mine = fixture.subscription() + "/resourceGroups/mine";
    const Guid id = Guid::random();
    const std::string definition = "/providers/Microsoft.Authorization/roleDefinitions/" + id.value();
    ASSERT_EQ(call(owner, put, mine + definition, role_body("Mine", quoted(mine))).status, 201U);
    const auto put_at = [&](const std::string& scope) {
        return call(
            owner, put, assignment(scope, Guid::random()),
            fmt::format(R"({{"properties":{{"roleDefinitionId":"{}","principalId":"{}"}}}})", definition, owner.value()));
    };
    EXPECT_EQ(put_at(registry).code(), "RoleDefinitionNotAssignableAtScope");
    EXPECT_EQ(put_at(mine).status, 201U);
    EXPECT_EQ(call(owner, delete_, mine + definition).code(), "RoleDefinitionHasAssignments");
    EXPECT_EQ(call(owner, get, registry + definition).status, 404U) << "not to be seen where it does not belong";
    EXPECT_EQ(call(owner, get, fixture.subscription() + definition).status, 200U);

    const auto names = [&](const std::string& scope, std::string_view filter) {
        const auto list =
            call(owner, get, scope + "/providers/Microsoft.Authorization/roleDefinitions?$filter=" + std::string(filter));
        return list.json.at("value").as_array().size();
    };
    EXPECT_EQ(names(mine, "type%20eq%20'CustomRole'"), 1U);
    EXPECT_EQ(names(registry, "type%20eq%20'CustomRole'"), 0U);
    EXPECT_EQ(names(fixture.subscription(), "type%20eq%20'CustomRole'"), 0U);
    EXPECT_EQ(names(fixture.subscription(), "type%20eq%20'CustomRole'+and+atScopeAndBelow()"), 1U);
    EXPECT_EQ(names(registry, "roleName+eq+'acrpull'"), 1U);
    EXPECT_EQ(names(registry, ""), 34U);
}

TEST_F(Arm, ListsFollowTheDecisionOfEachItem) {
    const Guid reader = fixture.new_principal("Reader", registry);
    const auto list = [&](const Guid& who, const std::string& path) {
        const auto answer = call(who, get, path);
        EXPECT_EQ(answer.status, 200U) << answer.text;
        return answer.json.at("value").as_array().size();
    };
    const std::string assignments = "/providers/Microsoft.Authorization/roleAssignments";
    EXPECT_EQ(list(reader, registry + assignments), 1U) << "its own, not the Owner's at the subscription";
    EXPECT_EQ(list(owner, registry + assignments), 2U);
    const Guid puller = fixture.new_principal("AcrPull", registry);
    EXPECT_EQ(list(puller, registry + assignments), 0U);
    EXPECT_EQ(list(puller, registry + "/providers/Microsoft.Authorization/roleDefinitions"), 0U);
    EXPECT_EQ(list(puller, registry + "/providers/Microsoft.Authorization/permissions"), 1U);
    EXPECT_EQ(list(puller, registry + "/providers/Microsoft.Authorization/denyAssignments"), 0U);
    EXPECT_EQ(list(puller, fixture.subscription() + "/resourceGroups"), 0U);
    EXPECT_EQ(list(owner, fixture.subscription() + "/resourceGroups"), 1U);
    const std::string resources =
        fixture.subscription() + "/resources?$filter=resourceType%20eq%20'Microsoft.ContainerRegistry/registries'";
    EXPECT_EQ(list(puller, resources), 0U);
    EXPECT_EQ(list(reader, resources), 1U);
    EXPECT_EQ(list(owner, fixture.subscription() + "/resources?$filter=name+eq+'nothing'"), 0U);
    EXPECT_EQ(list(owner, fixture.subscription() + "/resources?$filter=tagName+eq+'x'"), 0U);
    EXPECT_EQ(call(owner, get, fixture.subscription() + "/resources?$filter=id+eq+'x'").status, 400U);
}

TEST_F(Arm, ASubscriptionIsShownToWhoeverHasARoleNearIt) {
    const auto count = [&](const Guid& who) {
        const auto answer = call(who, get, "/subscriptions");
        return answer.json.at("count").at("value").as_int64();
    };
    EXPECT_EQ(count(fixture.new_principal("AcrPull", registry)), 1);
    const Guid nobody = fixture.new_principal();
    EXPECT_EQ(count(nobody), 0);
    EXPECT_EQ(call(nobody, get, fixture.subscription()).status, 403U);
    EXPECT_EQ(call(owner, get, fixture.subscription()).json.at("state").as_string(), "Enabled");
    EXPECT_EQ(call(owner, get, "/subscriptions/" + Guid::random().value()).status, 403U);
    EXPECT_EQ(call(owner, get, "/tenants").json.at("value").at(0).at("tenantId").as_string(), fixture.tenant().value());
    EXPECT_EQ(call(owner, get, fixture.subscription() + "/locations").json.at("value").at(0).at("name").as_string(),
              "westeurope");
    const auto provider = call(owner, get, fixture.subscription() + "/providers/microsoft.containerregistry");
    EXPECT_EQ(provider.json.at("registrationState").as_string(), "Registered");
    EXPECT_EQ(provider.json.at("resourceTypes").at(0).at("defaultApiVersion").as_string(), "2025-11-01");
    EXPECT_EQ(call(owner, post, fixture.subscription() + "/providers/Microsoft.ContainerRegistry/register").status, 200U);
    EXPECT_EQ(call(owner, get, fixture.subscription() + "/providers/Microsoft.Nothing").status, 404U);
}

TEST_F(Arm, NamesAreCheckedBeforeTheyAreTaken) {
    const std::string path = fixture.subscription() + "/providers/Microsoft.ContainerRegistry/checkNameAvailability";
    const auto check = [&](std::string_view name) {
        return call(owner, post, path, fmt::format(R"({{"name":"{}","type":"Microsoft.ContainerRegistry/registries"}})", name))
            .json;
    };
    EXPECT_TRUE(check("freename").at("nameAvailable").as_bool());
    EXPECT_EQ(check("Berth0").at("reason").as_string(), "AlreadyExists");
    EXPECT_EQ(check("Berth0").at("message").as_string(), "The registry Berth0 is already in use.");
    EXPECT_EQ(check("a-b").at("reason").as_string(), "Invalid");
    EXPECT_EQ(call(owner, post, path, R"({"name":5})").status, 400U);
    EXPECT_EQ(call(fixture.new_principal("AcrPull", registry), post, path, "{}").status, 403U);
}

TEST_F(Arm, EveryCallNeedsAVersion) {
    EXPECT_EQ(fixture.call(owner, get, registry).code(), "MissingApiVersionParameter");
    EXPECT_EQ(fixture.call(owner, get, registry + "?api-version=yesterday").code(), "InvalidApiVersionParameter");
    EXPECT_EQ(fixture.send(get, "/metadata/endpoints?api-version=2022-09-01", "").status, 200U);
    EXPECT_EQ(fixture.send(get, registry + "?api-version=2022-04-01", "").code(), "AuthenticationFailed");
}

} // namespace
} // namespace berth::control_plane
