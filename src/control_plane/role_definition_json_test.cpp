#include "control_plane/authorization_ids.hpp"
#include "control_plane/role_assignment_json.hpp"
#include "control_plane/role_definition_json.hpp"
#include "tenant/testing/world_builder.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace berth::control_plane {
namespace {

const Guid id = *Guid::parse("11111111-2222-4333-8444-555555555555");

Result<rbac::RoleDefinition> parse(std::string_view text) { return parse_role_definition(boost::json::parse(text), id); }

// Word for word as Azure's article has it, a subscription in the place of its remark.
constexpr std::string_view acr_import = R"({
   "assignableScopes": [
     "/subscriptions/00000000-1111-2222-3333-444444444444"
   ],
   "description": "Can import images to registry",
   "Name": "AcrImport",
   "permissions": [
     {
       "actions": [
         "Microsoft.ContainerRegistry/registries/push/write",
         "Microsoft.ContainerRegistry/registries/pull/read",
         "Microsoft.ContainerRegistry/registries/read",
         "Microsoft.ContainerRegistry/registries/importImage/action"
       ],
       "dataActions": [],
       "notActions": [],
       "notDataActions": []
     }
   ],
   "roleType": "CustomRole"
 })";

TEST(RoleDefinitionJson, ReadsTheRoleOfAzuresArticle) {
    const auto role = parse(acr_import);
    ASSERT_TRUE(role) << role.error().message;
    EXPECT_EQ(role->name, "AcrImport");
    EXPECT_EQ(role->description, "Can import images to registry");
    ASSERT_EQ(role->permissions.size(), 1U);
    EXPECT_EQ(role->permissions[0].actions.size(), 4U);
    ASSERT_EQ(role->assignable_scopes.size(), 1U);
    EXPECT_FALSE(role->built_in);
}

TEST(RoleDefinitionJson, ReadsEveryForm) {
    for (
        const std::string_view text :
        {R"({"properties":{"roleName":"r","permissions":[{"actions":["*"]}],"assignableScopes":["/subscriptions/s"]}})",
         R"({"properties":{"roleName":"r","type":"CustomRole","description":null,"permissions":[{"actions":["*"]}],"assignableScopes":["/subscriptions/s","/subscriptions/S"]}})",
         R"({"id":null,"name":"11111111-2222-4333-8444-555555555555","roleName":"r","type":"Microsoft.Authorization/roleDefinitions","permissions":[{"actions":["*"]}],"assignableScopes":["/subscriptions/s"]})",
         R"({"Name":"r","IsCustom":true,"Actions":["*"],"NotActions":[],"AssignableScopes":["/subscriptions/s"]})"}) {
        const auto role = parse(text);
        ASSERT_TRUE(role) << text << role.error().message;
        EXPECT_EQ(role->name, "r") << text;
        EXPECT_EQ(role->permissions.at(0).actions, std::vector<std::string>{"*"}) << text;
        EXPECT_EQ(role->assignable_scopes.size(), 1U) << text;
    }
}

TEST(RoleDefinitionJson, RefusesWhatIsNoRole) {
    const auto with = [](std::string_view name, std::string_view value) {
        boost::json::object body{
            {"roleName", "r"},
            {"permissions", boost::json::parse(R"([{"dataActions":["Microsoft.ContainerRegistry/registries/catalog/read"]}])")},
            {"assignableScopes", boost::json::array{"/subscriptions/s/resourceGroups/g"}}};
        if (value.empty())
            body.erase(name);
        else
            body[name] = boost::json::parse(value);
        return boost::json::serialize(body);
    };
    EXPECT_TRUE(parse(with("description", R"("x")"))) << "the base of the cases is good";
    const std::string long_name = fmt::format("\"{}\"", std::string(513, 'x'));
    const std::string long_text = fmt::format("\"{}\"", std::string(2049, 'x'));
    const std::vector<std::string> cases{"null",
                                         "[]",
                                         R"("x")",
                                         "{}",
                                         R"({"properties":[]})",
                                         with("roleName", ""),
                                         with("roleName", "5"),
                                         with("roleName", R"("")"),
                                         with("roleName", R"(" Owner")"),
                                         with("roleName", R"("Owner\u00a0")"),
                                         with("roleName", R"("\u200bOwner")"),
                                         with("roleName", R"("Owner\n")"),
                                         with("roleName", long_name),
                                         with("description", "5"),
                                         with("description", long_text),
                                         with("type", R"("BuiltInRole")"),
                                         with("type", "1"),
                                         with("permissions", ""),
                                         with("permissions", "[]"),
                                         with("permissions", "{}"),
                                         with("permissions", R"([{"actions":[]}])"),
                                         with("permissions", R"([{"notActions":["*"]}])"),
                                         with("permissions", R"([{"actions":["a/*/b/*"]}])"),
                                         with("permissions", R"([{"actions":[1]}])"),
                                         with("permissions", R"([{"actions":["has space"]}])"),
                                         with("assignableScopes", ""),
                                         with("assignableScopes", "[]"),
                                         with("assignableScopes", R"(["/"])"),
                                         with("assignableScopes", R"("/subscriptions/s")"),
                                         with("assignableScopes", "[1]"),
                                         with("assignableScopes", R"(["/subscriptions/*"])"),
                                         with("assignableScopes", R"(["subscriptions/s"])"),
                                         with("assignableScopes", R"(["/subscriptions"])"),
                                         with("assignableScopes", R"(["/subscriptions/s/../t"])")};
    for (const std::string& text : cases) {
        const auto role = parse(text);
        ASSERT_FALSE(role) << text;
        EXPECT_EQ(role.error().code, ErrorCode::invalid_parameter) << text;
        EXPECT_EQ(role.error().protocol_code, "InvalidRoleDefinition") << text;
    }
}

TEST(RoleDefinitionJson, IsShownWithTheSubscriptionThatAsks) {
    tenant::WorldBuilder builder;
    const tenant::World world = builder.build();
    const std::string subscription = "/subscriptions/" + builder.subscription.value();
    const auto role = parse(acr_import);
    const auto at = [&](const std::string& scope) {
        return std::string(to_json(world, *role, *rbac::Scope::parse(scope)).at("id").as_string());
    };
    const std::string suffix = "/providers/Microsoft.Authorization/roleDefinitions/" + id.value();
    EXPECT_EQ(at(subscription), subscription + suffix);
    EXPECT_EQ(at("/SUBSCRIPTIONS/" + builder.subscription.value() + "/resourcegroups/g"), subscription + suffix);
    EXPECT_EQ(at("/"), suffix);
    const auto json = to_json(world, *role, rbac::Scope::root());
    const auto again = parse_role_definition(json, id);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->permissions, role->permissions);
}

TEST(RoleDefinitionIds, AreReadWithAndWithoutAScope) {
    for (const std::string& prefix : {std::string(), std::string("/providers/Microsoft.Authorization/roleDefinitions/"),
                                      std::string("/subscriptions/x/providers/microsoft.authorization/ROLEDEFINITIONS/")}) {
        const auto parsed = parse_role_definition_id(prefix + id.value());
        ASSERT_TRUE(parsed) << prefix;
        EXPECT_EQ(*parsed, id);
    }
    for (const std::string& bad : {std::string(), std::string("/"), std::string("AcrPull"), "x/" + id.value(),
                                   "/providers/Microsoft.Authorization/roleAssignments/" + id.value(),
                                   "/providers/Microsoft.Authorization/roleDefinitions/" + id.value() + "/"}) {
        EXPECT_FALSE(parse_role_definition_id(bad)) << bad;
    }
}

TEST(RoleAssignmentJson, ReadsAzuresBody) {
    const std::string role = "/subscriptions/x/providers/Microsoft.Authorization/roleDefinitions/" + id.value();
    const auto body = [&](std::string_view more) {
        return boost::json::parse(
            fmt::format(R"({{"properties":{{"roleDefinitionId":"{}","principalId":"{}"{}}}}})", role, id.value(), more));
    };
    const auto plain =
        parse_role_assignment(body(R"(,"principalType":"serviceprincipal","description":"why","condition":null)"));
    ASSERT_TRUE(plain) << plain.error().message;
    EXPECT_EQ(plain->role_definition, id);
    EXPECT_EQ(plain->principal_type, "ServicePrincipal");
    EXPECT_EQ(plain->description, "why");

    struct Case {
        boost::json::value body;
        std::string_view code;
    };
    const Case cases[] = {
        {nullptr, "InvalidCreateRoleAssignmentRequest"},
        {boost::json::parse("{}"), "InvalidCreateRoleAssignmentRequest"},
        {boost::json::parse(R"({"properties":{"roleDefinitionId":1,"principalId":"x"}})"),
         "InvalidCreateRoleAssignmentRequest"},
        {boost::json::parse(R"({"properties":{"roleDefinitionId":"AcrPull","principalId":"x"}})"), "InvalidRoleDefinitionId"},
        {boost::json::parse(R"({"properties":{"roleDefinitionId":")" + role + R"(","principalId":"ada"}})"),
         "InvalidPrincipalId"},
        {body(R"(,"conditon":"x")"), "InvalidCreateRoleAssignmentRequest"},
        {body(R"(,"Condition":"x","conditionVersion":"2.0")"), "InvalidCreateRoleAssignmentRequest"},
        {body(R"(,"principalType":"Robot")"), "InvalidCreateRoleAssignmentRequest"},
        {body(R"(,"principalType":1)"), "InvalidCreateRoleAssignmentRequest"},
        {body(R"(,"description":1)"), "InvalidCreateRoleAssignmentRequest"},
        {body(R"(,"condition":"@Request[x StringEquals 'y'","conditionVersion":"2.0")"), "InvalidRoleAssignmentCondition"},
        {body(R"(,"condition":"true","conditionVersion":"1.0")"), "InvalidRoleAssignmentCondition"},
        {body(R"(,"condition":5,"conditionVersion":"2.0")"), "InvalidRoleAssignmentCondition"},
        {body(R"(,"condition":"x","conditionVersion":2.0)"), "InvalidRoleAssignmentCondition"},
        {body(R"(,"conditionVersion":"1.0")"), "InvalidRoleAssignmentCondition"},
    };
    for (const Case& c : cases) {
        const auto parsed = parse_role_assignment(c.body);
        ASSERT_FALSE(parsed) << boost::json::serialize(c.body);
        EXPECT_EQ(parsed.error().protocol_code, c.code) << boost::json::serialize(c.body);
    }
}

TEST(RoleAssignmentJson, ReadsConditionsOfVersionTwo) {
    const auto read = [&](std::string_view more) {
        return parse_role_assignment(boost::json::parse(
            fmt::format(R"({{"properties":{{"roleDefinitionId":"{0}","principalId":"{0}"{1}}}}})", id.value(), more)));
    };
    constexpr std::string_view text =
        "@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'a'";
    const auto whole = read(fmt::format(R"(,"condition":"{}","conditionVersion":"2.0")", text));
    ASSERT_TRUE(whole) << whole.error().message;
    ASSERT_TRUE(whole->condition);
    EXPECT_EQ(whole->condition->text(), text);
    const auto broken = read(R"(,"condition":"((@Request[a] StringEquals 'b'","conditionVersion":"2.0")");
    ASSERT_FALSE(broken);
    EXPECT_TRUE(broken.error().message.starts_with("The given role assignment condition is invalid. "))
        << broken.error().message;
    EXPECT_FALSE(read(fmt::format(R"(,"condition":"{}")", text))) << "without a version";
    EXPECT_TRUE(read(R"(,"condition":"","conditionVersion":"")"));
    EXPECT_FALSE(read(R"(,"condition":null,"conditionVersion":"2.0")")->condition);
}

} // namespace
} // namespace berth::control_plane
