#include "app/route_list.hpp"

#include "base/strict_json.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace berth::app {
namespace {

using gateway::EntryKind;
using gateway::Route;

std::vector<Route> routes() {
    static const gateway::Permission assign = gateway::arm_permission("Microsoft.Authorization/roleAssignments/write");
    static const gateway::Permission create = gateway::directory_permission("microsoft.directory/groups/create");
    Route pull;
    pull.id = "pull";
    pull.pattern = "/v2/{name...}/x";
    pull.entry = {EntryKind::all, {&gateway::permissions::pull}, {}};
    pull.further = {&assign};
    Route group;
    group.id = "group";
    group.pattern = "/v1.0/groups";
    group.protocol = gateway::Protocol::graph;
    group.entry = {EntryKind::all, {&create}, {}};
    Route open;
    open.id = "open";
    open.pattern = "/open";
    open.protocol = gateway::Protocol::berth;
    open.entry = {EntryKind::open, {}, "it tells nothing"};
    return {pull, group, open};
}

TEST(RouteList, JsonHoldsTheOperationsOfBothModes) {
    const auto json = parse_json(route_list(routes(), RouteListForm::json));
    ASSERT_TRUE(json);
    const auto& list = json->at("routes").as_array();
    ASSERT_EQ(list.size(), 3u);
    const auto& pull = list[0].at("entry").at("permissions").at(0);
    EXPECT_EQ(list[0].at("entry").at("kind"), "all");
    EXPECT_EQ(pull.at("registryPermissions").at(0).at("name"), "Microsoft.ContainerRegistry/registries/pull/read");
    EXPECT_EQ(pull.at("registryPermissions").at(0).at("isDataAction"), false);
    EXPECT_EQ(pull.at("repositoryPermissions").at(0).at("isDataAction"), true);
    EXPECT_FALSE(pull.as_object().contains("directoryPermission"));
    EXPECT_EQ(list[0].at("further").at(0).at("name"), "Microsoft.Authorization/roleAssignments/write");
    EXPECT_EQ(list[1].at("protocol"), "graph");
    EXPECT_EQ(list[1].at("entry").at("permissions").at(0).at("directoryPermission"), "microsoft.directory/groups/create");
    EXPECT_EQ(list[2].at("entry").at("why"), "it tells nothing");
}

TEST(RouteList, RolesSayInWhichModeTheyGrant) {
    const std::string table = route_list(routes(), RouteListForm::roles);
    for (const std::string_view row :
         {"| role | pull |\n", "| Owner | registry |\n", "| AcrPull | registry |\n",
          "| Container Registry Repository Reader | repository |\n", "| Defender Registry Access | both |\n",
          "| `Microsoft.Authorization/roleAssignments/write` | Owner, User Access Administrator, Role Based Access Control "
          "Administrator |\n"}) {
        EXPECT_NE(table.find(row), std::string::npos) << row << table;
    }
    // What grants nothing is left out, and so is what no role on resources grants.
    EXPECT_EQ(table.find("AcrDelete"), std::string::npos);
    EXPECT_EQ(table.find("microsoft.directory"), std::string::npos);
}

} // namespace
} // namespace berth::app
