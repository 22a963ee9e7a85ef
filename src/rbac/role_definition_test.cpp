#include "rbac/role_definition.hpp"

#include "base/strict_json.hpp"
#include "rbac/operation_set.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace berth::rbac {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// The names of the table's columns, each with what it asks for; a data action is marked.
struct Question {
    const char* name;
    std::vector<Operation> operations;
};

Operation action(std::string_view name) { return Operation::known(name, false); }
Operation registry(std::string_view name) { return action(fmt::format("Microsoft.ContainerRegistry/registries/{}", name)); }
Operation registry_data(std::string_view name) {
    return Operation::known(fmt::format("Microsoft.ContainerRegistry/registries/{}", name), true);
}

bool grants(const RoleDefinition& role, const Question& question) {
    auto granted = operations_of(role);
    return std::ranges::all_of(question.operations, [&](Operation operation) { return granted.contains(operation); });
}

void expect_table(std::span<const Question> questions, const std::map<std::string_view, std::string_view>& rows) {
    for (const auto& [name, cells] : rows) {
        const auto* role = find_built_in_role(name);
        ASSERT_TRUE(role) << name;
        ASSERT_EQ(cells.size(), questions.size()) << name;
        for (std::size_t i = 0; i < questions.size(); ++i) {
            EXPECT_EQ(grants(*role, questions[i]), cells[i] == 'X') << name << ": " << questions[i].name;
        }
    }
}

// The table of the registry's documentation that berth was asked for.
TEST(BuiltInRoles, GrantWhatTheRegistrysTableSays) {
    const Question questions[] = {
        {"access Resource Manager", {registry("read")}},
        {"create and delete a registry", {registry("write"), registry("delete")}},
        {"push", {registry("push/write"), registry("pull/read")}},
        {"pull", {registry("pull/read")}},
        {"delete image data", {registry("artifacts/delete")}},
        {"change policies", {registry("updatePolicies/write")}},
        {"sign", {registry("sign/write"), registry_data("trustedCollections/write")}},
    };
    expect_table(questions, {{"Owner", "XXXXXX."},
                             {"Contributor", "XXXXXX."},
                             {"Reader", "X..X..."},
                             {"AcrPush", "..XX..."},
                             {"AcrPull", "...X..."},
                             {"AcrDelete", "....X.."},
                             {"AcrImageSigner", "......X"}});
}

TEST(BuiltInRoles, GrantWhatAzuresDefinitionsSay) {
    const Question questions[] = {
        {"registries/read", {registry("read")}},
        {"registries/write", {registry("write")}},
        {"registries/delete", {registry("delete")}},
        {"pull/read", {registry("pull/read")}},
        {"push/write", {registry("push/write")}},
        {"artifacts/delete", {registry("artifacts/delete")}},
        {"updatePolicies/write", {registry("updatePolicies/write")}},
        {"sign/write", {registry("sign/write")}},
        {"trustedCollections/write (data)", {registry_data("trustedCollections/write")}},
        {"metadata/read", {registry("metadata/read")}},
        {"metadata/write", {registry("metadata/write")}},
        {"importImage/action", {registry("importImage/action")}},
        {"listCredentials/action", {registry("listCredentials/action")}},
        {"tokens/write", {registry("tokens/write")}},
        {"quarantine/read", {registry("quarantine/read")}},
        {"quarantine/write", {registry("quarantine/write")}},
        {"quarantinedArtifacts/read (data)", {registry_data("quarantinedArtifacts/read")}},
        {"repositories/content/read (data)", {registry_data("repositories/content/read")}},
        {"repositories/content/write (data)", {registry_data("repositories/content/write")}},
        {"repositories/content/delete (data)", {registry_data("repositories/content/delete")}},
        {"catalog/read (data)", {registry_data("catalog/read")}},
        {"cacheRules/read", {registry("cacheRules/read")}},
        {"cacheRules/write", {registry("cacheRules/write")}},
        {"credentialSets/read", {registry("credentialSets/read")}},
        {"credentialSets/write", {registry("credentialSets/write")}},
        {"connectedRegistries/write", {registry("connectedRegistries/write")}},
        {"tasks/write", {registry("tasks/write")}},
        {"exportPipelines/write", {registry("exportPipelines/write")}},
        {"privateEndpointConnections/write", {registry("privateEndpointConnections/write")}},
        {"roleAssignments/write", {action("Microsoft.Authorization/roleAssignments/write")}},
        {"roleDefinitions/write", {action("Microsoft.Authorization/roleDefinitions/write")}},
        {"roleDefinitions/read", {action("Microsoft.Authorization/roleDefinitions/read")}},
        {"elevateAccess/action", {action("Microsoft.Authorization/elevateAccess/action")}},
        {"resourceGroups/read", {action("Microsoft.Resources/subscriptions/resourceGroups/read")}},
        {"resourceGroups/write", {action("Microsoft.Resources/subscriptions/resourceGroups/write")}},
        {"deployments/write", {action("Microsoft.Resources/deployments/write")}},
    };
    const std::map<std::string_view, std::string_view> rows{
        {"Owner", "XXXXXXXX.XXXXXXX.....XXXXXXXXXXXXXXX"},
        {"Contributor", "XXXXXXXX.XXXXXXX.....XXXXXXXX..X.XXX"},
        {"Reader", "X..X.....X....X......X.X.......X.X.."},
        {"User Access Administrator", "X..X.....X....X......X.X.....XXXXX.."},
        {"Role Based Access Control Administrator", "X..X.....X....X......X.X.....X.X.X.."},
        {"AcrPull", "...X................................"},
        {"AcrPush", "...XX..............................."},
        {"AcrDelete", ".....X.............................."},
        {"AcrImageSigner", ".......XX..........................."},
        {"AcrQuarantineReader", "..............X.X..................."},
        {"AcrQuarantineWriter", "..............XXX..................."},
        {"Container Registry Cache Rule Administrator", ".....................XX............."},
        {"Container Registry Cache Rule Reader", ".....................X.............."},
        {"Container Registry Configuration Reader and Data Access Configuration Reader",
         "X...........X....................X.."},
        {"Container Registry Connected Registry Administrator", "X............X...........X.........."},
        {"Container Registry Connected Registry Reader", "X..................................."},
        {"Container Registry Contributor and Data Access Configuration Administrator", "XXX.........XX...........X..X..X.X.X"},
        {"Container Registry Credential Set Administrator", ".......................XX..........."},
        {"Container Registry Credential Set Reader", ".......................X............"},
        {"Container Registry Data Importer and Data Reader", "X..X.......X.....X..X..............."},
        {"Container Registry Repository Catalog Lister", "....................X..............."},
        {"Container Registry Repository Contributor", ".................XXX................"},
        {"Container Registry Repository Reader", ".................X.................."},
        {"Container Registry Repository Writer", ".................XX................."},
        {"Container Registry Tasks Contributor", "X.........................X......X.X"},
        {"Container Registry Transfer Pipeline Contributor", "...........................X........"},
        {"Defender Registry Access", "...XXX...........XXX................"},
        {"Defender For Container Registries Operator", "X..X.....X.......X..X..............."},
        {"Azure AI Administrator", "XXXXXXXX.XXXXXXX.....XXXXXXXX..X.XXX"},
        {"Azure AI Enterprise Network Connection Approver", "............................X......."},
        {"Hybrid Network Owner", "...............................X.X.X"},
        {"Managed Identity Operator", "...............................X.X.X"},
        {"Managed Identity Contributor", "...............................X.X.X"},
        {"Managed Identity Federated Identity Credential Contributor", "...............................X.X.X"},
    };
    EXPECT_EQ(rows.size(), built_in_roles().size());
    expect_table(questions, rows);
}

TEST(BuiltInRoles, AreThirtyFourAndWhole) {
    ASSERT_EQ(built_in_roles().size(), 34U);
    for (const auto& role : built_in_roles()) {
        EXPECT_TRUE(role.built_in) << role.name;
        EXPECT_FALSE(role.description.empty()) << role.name;
        EXPECT_THAT(role.assignable_scopes, ElementsAre(Scope::root())) << role.name;
        EXPECT_EQ(role.permissions.size(), 1U) << role.name;
        EXPECT_EQ(find_built_in_role(role.id), &role);
        EXPECT_EQ(find_built_in_role(std::string_view(role.name)), &role);
    }
    EXPECT_EQ(built_in_roles().front().name, "Owner");
    EXPECT_EQ(find_built_in_role("acrpull")->id.value(), "7f951dda-4ed3-4680-a7ca-43fe172d538d");
    EXPECT_EQ(find_built_in_role("AcrPul"), nullptr);
    EXPECT_EQ(find_built_in_role(""), nullptr);
    EXPECT_EQ(find_built_in_role(*Guid::parse("00000000-0000-0000-0000-000000000000")), nullptr);
}

boost::json::value json(std::string_view text) {
    auto out = parse_json(text);
    EXPECT_TRUE(out.has_value()) << text;
    return out ? *out : boost::json::value();
}

TEST(ParsePermissions, ReadsAllListsAndTakesMissingOnesAsEmpty) {
    auto parsed = parse_permissions(json(R"([{"actions":["a/read","*"],"notActions":["b/*"],"dataActions":["c/read"],
        "notDataActions":["d/read"]},{},{"ACTIONS":["e"],"dataActions":null,"condition":null,"conditionVersion":null}])"));
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
    ASSERT_EQ(parsed->size(), 3U);
    EXPECT_THAT((*parsed)[0].actions, ElementsAre("a/read", "*"));
    EXPECT_THAT((*parsed)[0].not_actions, ElementsAre("b/*"));
    EXPECT_THAT((*parsed)[0].data_actions, ElementsAre("c/read"));
    EXPECT_THAT((*parsed)[0].not_data_actions, ElementsAre("d/read"));
    EXPECT_EQ((*parsed)[1], Permission{});
    EXPECT_THAT((*parsed)[2].actions, ElementsAre("e"));
    EXPECT_THAT(*parse_permissions(json("[]")), IsEmpty());
}

TEST(ParsePermissions, SaysWhatIsWrongWhere) {
    struct Row {
        std::string json;
        std::string where;
        std::string message;
    };
    const Row table[] = {
        {"null", "permissions", "array of objects"},
        {"{}", "permissions", "array of objects"},
        {"[1]", "permissions[0]", "object"},
        {"[{},[]]", "permissions[1]", "object"},
        {R"([{"actions":"*"}])", "permissions[0].actions", "array of strings"},
        {R"([{"actions":{}}])", "permissions[0].actions", "array of strings"},
        {R"([{"notActions":["a",2]}])", "permissions[0].notActions[1]", "string"},
        {R"([{"dataActions":["a",""]}])", "permissions[0].dataActions[1]", "empty"},
        {R"([{"notDataActions":["*/x/*"]}])", "permissions[0].notDataActions[0]", "one '*'"},
        {R"([{"actions":["a b"]}])", "permissions[0].actions[0]", "ASCII"},
        {R"([{"actions":["a\u0000b"]}])", "permissions[0].actions[0]", "ASCII"},
        {R"([{"actions":["Microsoft.Cont\u0430inerRegistry/*"]}])", "permissions[0].actions[0]", "ASCII"},
        {R"([{"notAction":["*"]}])", "permissions[0]", "none of actions, notActions"},
        {R"([{"actions":[],"Actions":["*"]}])", "permissions[0].actions", "twice"},
        {R"([{"condition":1}])", "permissions[0].condition", "string"},
        {R"([{"condition":"@Request["}])", "permissions[0].condition", "column 1"},
        {R"([{"condition":"","conditionVersion":"2.0"}])", "permissions[0].condition", "condition"},
        {R"([{"condition":"@Request[x:y] StringEquals 'a'","conditionVersion":"1.0"}])", "permissions[0].conditionVersion",
         "2.0"},
        {R"([{"condition":"@Request[x:y] StringEquals 'a'","conditionVersion":2.0}])", "permissions[0].conditionVersion",
         "2.0"},
        {R"([{"conditionVersion":"2.0"}])", "permissions[0].conditionVersion", "without a condition"},
        {R"([{"conditionVersion":"2.0","ConditionVersion":"2.0"}])", "permissions[0].conditionVersion", "twice"},
        {fmt::format(R"([{{"actions":["{}"]}}])", std::string(513, 'a')), "permissions[0].actions[0]", "512"},
        {"[" +
             [] {
                 std::string out = "{}";
                 for (int i = 0; i < 64; ++i) out += ",{}";
                 return out;
             }() +
             "]",
         "permissions", "64"},
    };
    for (const auto& row : table) {
        auto parsed = parse_permissions(json(row.json));
        ASSERT_FALSE(parsed.has_value()) << row.json;
        EXPECT_EQ(parsed.error().code, ErrorCode::invalid_parameter) << row.json;
        EXPECT_THAT(parsed.error().message, StartsWith(row.where + ": ")) << row.json;
        EXPECT_THAT(parsed.error().message, HasSubstr(row.message)) << row.json;
    }
}

TEST(ParsePermissions, HasALimitOfPatterns) {
    boost::json::array patterns(4096, "a/read");
    EXPECT_TRUE(parse_permissions({{{"actions", patterns}}}).has_value());
    EXPECT_FALSE(parse_permissions({{{"actions", patterns}}, {{"dataActions", {"b/read"}}}}).has_value());
    patterns.emplace_back("a/read");
    EXPECT_FALSE(parse_permissions({{{"actions", patterns}}}).has_value());
}

TEST(ParsePermissions, WhatWasReadIsWrittenBack) {
    for (const auto& role : built_in_roles()) {
        auto back = parse_permissions(to_json(role.permissions));
        ASSERT_TRUE(back.has_value()) << role.name;
        EXPECT_EQ(*back, role.permissions) << role.name;
    }
    EXPECT_EQ(boost::json::serialize(to_json(
                  std::vector<Permission>{{.actions = {"a"}, .not_actions = {}, .data_actions = {}, .not_data_actions = {}}})),
              R"([{"actions":["a"],"notActions":[],"dataActions":[],"notDataActions":[]}])");
}

TEST(ParsePermissions, ReadsConditionsAndWritesThemBack) {
    constexpr auto text = R"([{"actions":[],"notActions":[],"dataActions":["*/content/read"],"notDataActions":[],)"
                          R"("condition":"@Request[Microsoft.ContainerRegistry/registries/repositories:name] )"
                          R"(StringEquals 'a'","conditionVersion":"2.0"}])";
    auto parsed = parse_permissions(json(text));
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
    ASSERT_TRUE((*parsed)[0].condition);
    EXPECT_EQ(boost::json::serialize(to_json(*parsed)), text);
    const auto read = registry_data("repositories/content/read");
    EXPECT_TRUE((*parsed)[0].condition->holds(read, {.repository = "a"}));
    EXPECT_FALSE((*parsed)[0].condition->holds(read, {.repository = "b"}));
    auto without = *parsed;
    without[0].condition.reset();
    EXPECT_NE(without, *parsed);
    auto no_version = json(text);
    no_version.at(0).as_object().erase("conditionVersion");
    EXPECT_EQ(*parse_permissions(no_version), *parsed);
}

// The custom role of the registry's documentation, its permissions word for word.
TEST(ParsePermissions, TakesTheDocumentationsImportRole) {
    auto role = json(R"json({
   "assignableScopes": [
     "/subscriptions/<optional, but you can limit the visibility to one or more subscriptions>"
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
 })json");
    auto parsed = parse_permissions(*find_member(role, "permissions"));
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
    ASSERT_EQ(parsed->size(), 1U);
    OperationSet expected;
    for (auto name : {"push/write", "pull/read", "read", "importImage/action"}) expected.insert(registry(name));
    EXPECT_EQ(operations_of(parsed->front()), expected);
}

TEST(OperationsOf, SubtractsInsideOnePermissionObjectOnly) {
    RoleDefinition role = built_in_roles().front();
    role.permissions = {{.actions = {"Microsoft.ContainerRegistry/registries/*"},
                         .not_actions = {"*/read"},
                         .data_actions = {},
                         .not_data_actions = {}},
                        {.actions = {"Microsoft.ContainerRegistry/registries/pull/read"},
                         .not_actions = {},
                         .data_actions = {"*"},
                         .not_data_actions = {"*/delete"}}};
    auto granted = operations_of(role);
    EXPECT_TRUE(granted.contains(registry("push/write")));
    EXPECT_TRUE(granted.contains(registry("pull/read")));
    EXPECT_FALSE(granted.contains(registry("metadata/read")));
    EXPECT_TRUE(granted.contains(registry_data("catalog/read")));
    EXPECT_FALSE(granted.contains(registry_data("repositories/content/delete")));
    EXPECT_TRUE(granted.contains(registry("artifacts/delete"))); // notDataActions say nothing about actions
}

} // namespace
} // namespace berth::rbac
