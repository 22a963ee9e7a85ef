#include "control_plane/role_assignment_filter.hpp"

#include "rbac/role_definition.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

namespace berth::control_plane {
namespace {

const Guid robot = Guid::random();
const Guid team = Guid::random();
const Guid division = Guid::random();
const Guid stranger = Guid::random();

class RoleAssignmentFilterTest : public testing::Test {
protected:
    void SetUp() override {
        rbac::PolicyInput input;
        const auto add = [&](std::string name, std::string_view scope, const Guid& principal) {
            input.assignments.push_back({.id = Guid::random(),
                                         .scope = *rbac::Scope::parse(scope),
                                         .role_definition = rbac::find_built_in_role(std::string_view("Reader"))->id,
                                         .principal = principal,
                                         .principal_type = "ServicePrincipal",
                                         .condition = {},
                                         .description = std::move(name),
                                         .created_at = {},
                                         .created_by = {},
                                         .updated_at = {},
                                         .updated_by = {}});
        };
        add("root", "/", stranger);
        add("subscription", "/subscriptions/s", robot);
        add("group", "/subscriptions/s/resourceGroups/g", team);
        add("registry", "/subscriptions/s/resourceGroups/g/providers/n/t/r", division);
        add("neighbour", "/subscriptions/s/resourceGroups/g10", robot);
        add("management group", "/providers/Microsoft.Management/managementGroups/m", robot);
        input.memberships = {{team, robot}, {division, team}};
        input.management_groups = {{*rbac::Scope::parse("/subscriptions/s"),
                                    *rbac::Scope::parse("/providers/Microsoft.Management/managementGroups/m")}};
        policy_ = rbac::Policy::compile(std::move(input));
    }

    // The names of what a list shows, or why it shows nothing.
    std::set<std::string> list(std::string_view filter, std::string_view scope = "/subscriptions/s/resourceGroups/G") {
        const auto parsed = RoleAssignmentFilter::parse(filter, *policy_, *rbac::Scope::parse(scope));
        if (!parsed) return {"refused"};
        std::set<std::string> out;
        for (const auto& assignment : policy_->assignments()) {
            if (parsed->matches(assignment)) out.insert(*assignment.description);
        }
        return out;
    }

    std::shared_ptr<const rbac::Policy> policy_;
};

using Names = std::set<std::string>;

TEST_F(RoleAssignmentFilterTest, FollowsAzure) {
    const auto of = [](std::string_view text, const Guid& guid) { return fmt::format(fmt::runtime(text), guid.value()); };
    EXPECT_EQ(list(""), (Names{"root", "management group", "subscription", "group", "registry"}));
    EXPECT_EQ(list("atScope()"), (Names{"root", "management group", "subscription", "group"}));
    const Names everything{"root", "management group", "subscription", "group", "registry", "neighbour"};
    EXPECT_EQ(list("", "/"), everything);
    EXPECT_EQ(list("", "/providers/microsoft.management/managementgroups/M"), everything);
    EXPECT_EQ(list("atScope()", "/providers/Microsoft.Management/managementGroups/m"), (Names{"root", "management group"}));
    EXPECT_EQ(list("", "/providers/Microsoft.Management/managementGroups/other"), Names{"root"});
    EXPECT_EQ(list("atScope()", "/"), Names{"root"});
    EXPECT_EQ(list(of("principalId eq '{}'", robot)), (Names{"management group", "subscription"}));
    EXPECT_EQ(list(of("principalId eq '{}'", robot), "/subscriptions/s"),
              (Names{"management group", "subscription", "neighbour"}));
    EXPECT_EQ(list(of("assignedTo('{}')", robot)), (Names{"management group", "subscription", "group", "registry"}));
    EXPECT_EQ(list(of("atScope() and assignedTo('{}')", robot)), (Names{"management group", "subscription", "group"}));
    EXPECT_EQ(list(of("assignedTo('{}')", stranger)), Names{"root"});
    EXPECT_EQ(list(of("assignedTo('{}')", Guid::random())), Names{});
}

TEST_F(RoleAssignmentFilterTest, RefusesTheRest) {
    const std::string id = robot.value();
    for (const std::string& text : std::initializer_list<std::string>{
             "principalId eq 'ada'", "assignedTo()", "assignedTo('')", "roleName eq 'x'", "atScope('x')",
             "principalId ne '" + id + "'", "atScope() and principalId eq '" + id + "'",
             "principalId eq '" + id + "' and assignedTo('" + id + "')", "principalId eq '" + id + "' or 1 eq 1"}) {
        EXPECT_EQ(list(text), Names{"refused"}) << text;
    }
}

} // namespace
} // namespace berth::control_plane
