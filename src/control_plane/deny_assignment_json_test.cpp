#include "control_plane/deny_assignment_json.hpp"

#include "tenant/testing/world_builder.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace berth::control_plane {
namespace {

using boost::json::object;
using boost::json::value;

constexpr std::string_view everyone = R"([{"id":"00000000-0000-0000-0000-000000000000","type":"SystemDefined"}])";

class DenyAssignmentJson : public testing::Test {
protected:
    DenyAssignmentJson() {
        robot = builder.add_service_principal("robot").id;
        team = builder.principals
                   .emplace_back(tenant::Principal{.id = Guid::random(),
                                                   .kind = tenant::PrincipalKind::group,
                                                   .display_name = "team",
                                                   .application_id = std::nullopt,
                                                   .user_principal_name = std::nullopt})
                   .id;
    }

    static std::string named(const Guid& id, std::string_view type) {
        return fmt::format(R"([{{"id":"{}","type":"{}"}}])", id.value(), type);
    }
    // A good body with the changes of `change`; null takes a property away.
    Result<DenyAssignmentBody> parse(std::string_view change) {
        object properties = boost::json::parse(fmt::format(R"({{"denyAssignmentName":"n","permissions":[{{"actions":
            ["Microsoft.ContainerRegistry/registries/delete"]}}],"principals":{}}})",
                                                           named(robot, "ServicePrincipal")))
                                .as_object();
        const value changes = boost::json::parse(change);
        for (const auto& [key, changed] : changes.as_object()) {
            if (changed.is_null()) {
                properties.erase(key);
            } else {
                properties[key] = changed;
            }
        }
        return parse_deny_assignment(object{{"properties", properties}}, builder.build());
    }

    tenant::WorldBuilder builder;
    Guid robot = Guid::random();
    Guid team = Guid::random();
};

TEST_F(DenyAssignmentJson, ReadsAzuresBody) {
    const auto body = parse(fmt::format(R"({{"description":"d","doNotApplyToChildScopes":true,"isSystemProtected":false,
        "principals":{},"excludePrincipals":{}}})",
                                        everyone, named(team, "group")));
    ASSERT_TRUE(body) << body.error().message;
    EXPECT_EQ(body->name, "n");
    EXPECT_EQ(body->description, "d");
    EXPECT_TRUE(body->does_not_apply_to_child_scopes);
    ASSERT_EQ(body->principals.size(), 1U);
    EXPECT_EQ(body->principals[0].type, "SystemDefined");
    ASSERT_EQ(body->excluded_principals.size(), 1U);
    EXPECT_EQ(body->excluded_principals[0].type, "Group");
    EXPECT_TRUE(parse(fmt::format(R"({{"principals":[{{"id":"{}"}}]}})", robot.value()))) << "the directory knows the type";
    EXPECT_TRUE(parse(fmt::format(R"({{"principals":{}}})", named(Guid::random(), "User")))) << "who gives the type vouches";
}

TEST_F(DenyAssignmentJson, RefusesWhatAzureRefuses) {
    struct Case {
        std::string change;
        std::string_view code;
    };
    const std::string_view invalid = "InvalidCreateDenyAssignmentRequest";
    const Case cases[] = {
        {R"({"denyAssignmentName":null})", invalid},
        {R"({"denyAssignmentName":""})", invalid},
        {R"({"denyAssignmentName":5})", invalid},
        {R"({"description":[]})", invalid},
        {R"({"permissions":null})", invalid},
        {R"({"permissions":[]})", invalid},
        {R"({"permissions":"*"})", invalid},
        {R"({"permissions":[{"actions":[]}]})", invalid},
        {R"({"permissions":[{"actions":["*/write"],"dataActions":["*"]}]})", invalid},
        {R"({"permissions":[{"actions":["*/write"],"notDataActions":["*"]}]})", invalid},
        {R"({"permissions":[{"actions":["*/read"]}]})", invalid},
        {R"({"permissions":[{"actions":["Microsoft.ContainerRegistry/registries/pull/READ"]}]})", invalid},
        {R"({"permissions":[{"actions":["*/write"],"condition":"@Environment[UtcNow] DateTimeGreaterThan '2030-01-01T00:00:00Z'",
             "conditionVersion":"2.0"}]})",
         invalid},
        {R"({"permissions":[{"actions":["Microsoft.ContainerRegistry/nothing/write"]}]})", "InvalidActionOrNotAction"},
        {R"({"principals":null})", invalid},
        {R"({"principals":[]})", invalid},
        {R"({"principals":"x"})", invalid},
        {R"({"principals":["x"]})", invalid},
        {R"({"principals":[{"id":"x","type":"User"}]})", invalid},
        {R"({"principals":[{"id":")" + robot.value() + R"(","type":5}]})", invalid},
        {R"({"principals":[{"id":")" + robot.value() + R"(","type":"Robot"}]})", invalid},
        {fmt::format(R"({{"principals":{}}})", named(robot, "User")), "UnmatchedPrincipalType"},
        {fmt::format(R"({{"principals":{}}})", named(team, "Group")), invalid},
        {fmt::format(R"({{"principals":{}}})", named(team, "User")), "UnmatchedPrincipalType"},
        {fmt::format(R"({{"principals":{}}})", named(Guid::random(), "Group")), invalid},
        {fmt::format(R"({{"principals":{}}})", everyone), invalid},
        {fmt::format(R"({{"principals":{0},"excludePrincipals":{0}}})", everyone), invalid},
        {R"({"principals":[{"id":"00000000-0000-0000-0000-000000000000","type":"User"}]})", invalid},
        {R"({"isSystemProtected":true})", invalid},
        {R"({"excludedPrincipals":[]})", invalid},
        {R"({"condition":"x"})", invalid},
        {R"({"doNotApplyToChildScopes":"yes"})", invalid},
    };
    for (const Case& c : cases) {
        const auto body = parse(c.change);
        ASSERT_FALSE(body) << c.change;
        EXPECT_EQ(body.error().protocol_code, c.code) << c.change << ": " << body.error().message;
    }
    const auto stranger = parse(fmt::format(R"({{"principals":[{{"id":"{}"}}]}})", Guid::random().value()));
    ASSERT_FALSE(stranger);
    EXPECT_EQ(stranger.error().code, ErrorCode::principal_not_found);
    EXPECT_FALSE(parse_deny_assignment("x", builder.build()));
    EXPECT_FALSE(parse_deny_assignment(boost::json::parse(R"({"properties":[]})"), builder.build()));
}

} // namespace
} // namespace berth::control_plane
