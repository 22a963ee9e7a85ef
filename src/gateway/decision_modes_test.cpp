#include "gateway/decision.hpp"
#include "tenant/testing/world_builder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

namespace berth::gateway {
namespace {

using identity::Caller;
using identity::CallerKind;
using tenant::RoleAssignmentMode;
using tenant::TokenAction;
using testing::HasSubstr;
using testing::Not;
namespace p = permissions;

const Timestamp now{std::chrono::seconds(1'800'000'000)};

// One registry `harbor`, one principal `alice`.
class Modes : public testing::Test {
protected:
    tenant::WorldBuilder builder_;

    void SetUp() override {
        builder_.add_registry("harbor");
        builder_.add_service_principal("alice");
    }
    tenant::Registry& registry() { return builder_.registries[0]; }
    Caller alice() const {
        Caller caller;
        caller.kind = CallerKind::principal;
        caller.principal = builder_.principals[0].id;
        return caller;
    }
    void assign(std::string_view role, std::string_view condition = {}) {
        builder_.assign(builder_.principals[0], role, registry().scope);
        if (condition.empty()) return;
        auto assignment = builder_.policy.assignments.back();
        assignment.condition = *rbac::Condition::parse(condition);
        builder_.policy.assignments.clear();
        builder_.policy.assignments.push_back(assignment);
    }
    Result<void> ask(const Permission& permission, std::string_view repository, const Caller& caller) {
        const auto world = builder_.build();
        const Target target = Target::in_registry(world.registries()[0], repository);
        auto decided = decide(world, now, caller, permission, target);
        EXPECT_EQ(is_allowed(world, now, caller, permission, target), decided.has_value());
        return decided;
    }
    bool may(const Permission& permission, std::string_view repository = "library/app") {
        return ask(permission, repository, alice()).has_value();
    }
};

TEST_F(Modes, EachRoleCountsInItsMode) {
    struct Case {
        std::string_view role;
        std::vector<const Permission*> registry;   // what it grants with registry permissions
        std::vector<const Permission*> repository; // and with repository permissions
    };
    const std::vector<const Permission*> every{&p::pull,           &p::push,      &p::delete_content, &p::metadata_read,
                                               &p::metadata_write, &p::list_tags, &p::catalog,        &p::sign};
    const std::vector<const Permission*> all_but_sign(every.begin(), every.end() - 1);
    const std::vector<const Permission*> read{&p::pull, &p::metadata_read, &p::list_tags};
    const std::vector<const Permission*> write{&p::pull, &p::push, &p::metadata_read, &p::metadata_write, &p::list_tags};
    const std::vector<const Permission*> contribute{&p::pull,          &p::push,           &p::delete_content,
                                                    &p::metadata_read, &p::metadata_write, &p::list_tags};
    const std::vector<const Permission*> pull{&p::pull, &p::list_tags, &p::catalog};
    const std::vector<const Permission*> push{&p::pull, &p::push, &p::list_tags, &p::catalog};
    const std::vector<const Permission*> see{&p::pull, &p::list_tags, &p::catalog, &p::metadata_read};
    const Case cases[] = {
        {"AcrPull", pull, {}},
        {"AcrPush", push, {}},
        {"AcrDelete", {&p::delete_content}, {}},
        {"AcrImageSigner", {&p::sign}, {}},
        {"Owner", all_but_sign, {}},
        {"Contributor", all_but_sign, {}},
        {"Reader", see, {}},
        {"Container Registry Repository Reader", {}, read},
        {"Container Registry Repository Writer", {}, write},
        {"Container Registry Repository Contributor", {}, contribute},
        {"Container Registry Repository Catalog Lister", {}, {&p::catalog}},
        {"Container Registry Data Importer and Data Reader", pull, {&p::pull, &p::metadata_read, &p::list_tags, &p::catalog}},
        {"Defender For Container Registries Operator", see, {&p::pull, &p::metadata_read, &p::list_tags, &p::catalog}},
    };
    for (const Case& c : cases) {
        builder_.policy.assignments.clear();
        assign(c.role);
        for (const auto mode : {RoleAssignmentMode::registry_permissions, RoleAssignmentMode::repository_permissions}) {
            registry().mode = mode;
            const auto& granted = mode == RoleAssignmentMode::registry_permissions ? c.registry : c.repository;
            for (const Permission* permission : every) {
                EXPECT_EQ(may(*permission), std::ranges::find(granted, permission) != granted.end())
                    << c.role << " " << permission->name << " in mode " << static_cast<int>(mode);
            }
        }
    }
}

constexpr std::string_view only_below_team =
    "((!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'}) AND "
    "!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/write'})) OR "
    "(@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringStartsWithIgnoreCase 'Team/'))";

TEST_F(Modes, ConditionsSeeTheRepository) {
    registry().mode = RoleAssignmentMode::repository_permissions;
    assign("Container Registry Repository Contributor", only_below_team);
    for (const Permission* permission : {&p::pull, &p::push}) {
        EXPECT_TRUE(may(*permission, "team/app"));
        for (const std::string_view other : {"team", "teams/app", "other", "xteam/app", ""})
            EXPECT_FALSE(may(*permission, other));
    }
    // What the condition does not name passes.
    EXPECT_TRUE(may(p::delete_content, "other"));
    EXPECT_TRUE(may(p::metadata_read, "other"));

    builder_.policy.assignments.clear();
    assign("Container Registry Repository Reader",
           "(@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'team/APP')");
    EXPECT_TRUE(may(p::pull, "team/app"));
    EXPECT_FALSE(may(p::pull, "team/app2"));
    EXPECT_FALSE(may(p::pull, "team/app/base"));
    EXPECT_FALSE(may(p::push, "team/app"));
}

TEST_F(Modes, ConditionsCountWithRegistryPermissionsToo) {
    assign("AcrPush", "((!(ActionMatches{'Microsoft.ContainerRegistry/registries/push/write'})) OR "
                      "(@Resource[Microsoft.ContainerRegistry/registries/repositories:name] StringEquals 'mine'))");
    EXPECT_TRUE(may(p::pull, "other"));
    EXPECT_TRUE(may(p::push, "mine"));
    EXPECT_FALSE(may(p::push, "other"));
    EXPECT_TRUE(may(p::catalog, ""));
}

TEST_F(Modes, ConditionsSeeTheTimeAndThePrincipal) {
    registry().mode = RoleAssignmentMode::repository_permissions;
    assign("Container Registry Repository Reader", "@Environment[UtcNow] DateTimeGreaterThan '2027-01-01T00:00:00Z'");
    EXPECT_TRUE(may(p::pull)); // `now` is in 2027
    builder_.policy.assignments.clear();
    assign("Container Registry Repository Reader", "@Environment[UtcNow] DateTimeLessThan '2027-01-01T00:00:00Z'");
    EXPECT_FALSE(may(p::pull));
    builder_.policy.assignments.clear();
    assign("Container Registry Repository Reader",
           "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Work_Team] StringEquals 'blue'");
    EXPECT_FALSE(may(p::pull));
    builder_.principals[0].security_attributes = {{"Work_Team", {"blue"}}};
    EXPECT_TRUE(may(p::pull));
}

TEST_F(Modes, ARefusalNamesTheConditionThatStoodInTheWay) {
    registry().mode = RoleAssignmentMode::repository_permissions;
    assign("Container Registry Repository Reader", only_below_team);
    const auto assignment = builder_.policy.assignments.front().id.value();
    const auto refused = ask(p::pull, "other/app", alice());
    ASSERT_FALSE(refused);
    const std::string& message = refused.error().message;
    for (const std::string_view part :
         {std::string_view("does not have authorization or an ABAC condition not fulfilled to perform action "
                           "'Microsoft.ContainerRegistry/registries/repositories/content/read' over scope"),
          std::string_view("The repository is 'other/app'."), std::string_view(assignment),
          std::string_view("'Container Registry Repository Reader'")}) {
        EXPECT_THAT(message, HasSubstr(std::string(part)));
    }
    EXPECT_THAT(message, Not(HasSubstr(","))); // challenges are split at commas
    // Where no condition was in the way, none is spoken of.
    const auto push = ask(p::push, "team/app", alice());
    ASSERT_FALSE(push);
    EXPECT_THAT(push.error().message, Not(HasSubstr("ABAC")));
    EXPECT_THAT(push.error().message, HasSubstr("'Container Registry Repository Writer'"));
}

TEST_F(Modes, TheAdviceIsARoleOfTheMode) {
    struct Case {
        const Permission& permission;
        std::string_view in_registry;
        std::string_view in_repository;
    };
    const Case cases[] = {
        {p::pull, "'AcrPull'", "'Container Registry Repository Reader'"},
        {p::push, "'AcrPush'", "'Container Registry Repository Writer'"},
        {p::delete_content, "'AcrDelete'", "'Container Registry Repository Contributor'"},
        {p::catalog, "'AcrPull'", "'Container Registry Repository Catalog Lister'"},
    };
    for (const Case& c : cases) {
        registry().mode = RoleAssignmentMode::registry_permissions;
        EXPECT_THAT(ask(c.permission, "app", alice()).error().message, HasSubstr(std::string(c.in_registry)));
        registry().mode = RoleAssignmentMode::repository_permissions;
        EXPECT_THAT(ask(c.permission, "app", alice()).error().message, HasSubstr(std::string(c.in_repository)));
    }
    EXPECT_THAT(ask(p::sign, "app", alice()).error().message, HasSubstr("notation"));
}

TEST_F(Modes, ADenyAssignmentIsNamedAndNoRoleIsAdvised) {
    assign("Owner");
    const rbac::DenyAssignment deny{.id = Guid::random(),
                                    .name = "freeze",
                                    .description = {},
                                    .permissions = {{.actions = {"Microsoft.ContainerRegistry/registries/push/write",
                                                                 "Microsoft.ContainerRegistry/registries/write"},
                                                     .not_actions = {},
                                                     .data_actions = {},
                                                     .not_data_actions = {}}},
                                    .scope = registry().scope,
                                    .principals = {{builder_.principals[0].id, "ServicePrincipal"}},
                                    .excluded_principals = {},
                                    .created_by = {},
                                    .updated_by = {}};
    builder_.policy.deny_assignments.push_back(deny);
    EXPECT_TRUE(may(p::pull));
    const auto refused = ask(p::push, "app", alice());
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message,
                HasSubstr(fmt::format("because of the deny assignment with name 'freeze' and Id '{}' at scope '{}'",
                                      deny.id.value(), registry().scope.value())));
    EXPECT_THAT(refused.error().message, Not(HasSubstr("smallest")));
    EXPECT_EQ(refused.error().protocol_code, ""); // the registry's own code

    const auto world = builder_.build();
    const Permission write = arm_permission("Microsoft.ContainerRegistry/registries/write");
    for (const bool conditions_met : {false, true}) {
        Target target = Target::at(registry().scope);
        target.conditions_met = conditions_met;
        const auto in_arm = decide(world, now, alice(), write, target);
        ASSERT_FALSE(in_arm);
        EXPECT_EQ(in_arm.error().protocol_code, "DenyAssignmentAuthorizationFailed");
        EXPECT_THAT(in_arm.error().message, HasSubstr("has permission to perform action"));
    }
    builder_.policy.assignments.clear(); // denied, and without any role
    EXPECT_THAT(ask(p::push, "app", alice()).error().message, Not(HasSubstr("has permission")));
}

class RepositoryTokens : public Modes {
protected:
    Caller ci_;

    void SetUp() override {
        Modes::SetUp();
        builder_.add_registry("other");
        builder_.tokens.push_back(
            {.id = Guid::random(), .name = "ci", .registry = registry().id, .row = 9, .scope_map = nullptr});
        ci_.kind = CallerKind::repository_token;
        ci_.name = "ci";
        ci_.registry = registry().id;
        ci_.token = builder_.tokens[0].id;
        allow({});
    }
    void allow(const std::vector<std::string_view>& lines) {
        std::vector<tenant::ScopeMapEntry> entries;
        for (const std::string_view line : lines) entries.push_back(*tenant::ScopeMapEntry::parse(line));
        builder_.tokens[0].scope_map = std::make_shared<const tenant::ScopeMap>(std::move(entries));
        builder_.tokens[0].scope_map_name = "mine";
    }
    bool may(const Permission& permission, std::string_view repository) { return ask(permission, repository, ci_).has_value(); }
};

TEST_F(RepositoryTokens, DoWhatTheirScopeMapSays) {
    for (const auto mode : {RoleAssignmentMode::registry_permissions, RoleAssignmentMode::repository_permissions}) {
        registry().mode = mode;
        allow({"repositories/app/content/read"});
        EXPECT_TRUE(may(p::pull, "app"));
        EXPECT_TRUE(may(p::list_tags, "app"));
        for (const Permission* other :
             {&p::push, &p::delete_content, &p::metadata_read, &p::metadata_write, &p::sign, &p::catalog}) {
            EXPECT_FALSE(may(*other, "app"));
        }
        EXPECT_FALSE(may(p::pull, "app2"));
        EXPECT_FALSE(may(p::pull, "app/base"));

        allow({"repositories/app/content/write"});
        EXPECT_FALSE(may(p::push, "app")); // needs reading, too
        allow({"repositories/app/content/write", "repositories/*/content/read"});
        EXPECT_TRUE(may(p::push, "app"));
        EXPECT_TRUE(may(p::pull, "anything"));
        EXPECT_FALSE(may(p::push, "anything"));

        allow(
            {"repositories/team/*/metadata/write", "repositories/team/*/content/delete", "repositories/team/*/metadata/read"});
        EXPECT_TRUE(may(p::metadata_write, "team/app"));
        EXPECT_TRUE(may(p::metadata_read, "team/a/b"));
        EXPECT_TRUE(may(p::delete_content, "team/app"));
        EXPECT_FALSE(may(p::metadata_read, "team"));
        EXPECT_FALSE(may(p::metadata_read, "teams/app"));
    }
}

TEST_F(RepositoryTokens, ReachNothingElse) {
    allow({"repositories/*/content/read", "repositories/*/content/write", "repositories/*/content/delete",
           "repositories/*/metadata/read", "repositories/*/metadata/write"});
    EXPECT_TRUE(may(p::push, "app"));
    EXPECT_FALSE(may(p::catalog, ""));
    EXPECT_FALSE(may(p::sign, "app"));
    const auto world = builder_.build();
    EXPECT_FALSE(is_allowed(world, now, ci_, p::pull, Target::in_registry(world.registries()[1], "app")));
    EXPECT_FALSE(is_allowed(world, now, ci_, arm_permission("Microsoft.ContainerRegistry/registries/read"),
                            Target::at(registry().scope)));
    EXPECT_FALSE(is_allowed(world, now, ci_, directory_permission("microsoft.directory/applications/create"), {}));
    builder_.tokens[0].enabled = false;
    EXPECT_FALSE(may(p::pull, "app"));
    builder_.tokens[0].enabled = true;
    builder_.tokens[0].id = Guid::random(); // made anew
    EXPECT_FALSE(may(p::pull, "app"));
}

TEST_F(RepositoryTokens, ARefusalNamesTokenScopeMapAndAction) {
    allow({"repositories/app/content/read"});
    const auto refused = ask(p::push, "app", ci_);
    ASSERT_FALSE(refused);
    for (const std::string_view part : {"'ci'", "'harbor'", "'mine'", "'repositories/app/content/write'"}) {
        EXPECT_THAT(refused.error().message, HasSubstr(std::string(part)));
    }
    EXPECT_THAT(refused.error().message, Not(HasSubstr("content/read")));
    EXPECT_THAT(refused.error().message, Not(HasSubstr(",")));
    EXPECT_THAT(ask(p::catalog, "", ci_).error().message, HasSubstr("nothing else"));
}

TEST_F(RepositoryTokens, ANarrowedOneDoesNoMore) {
    allow({"repositories/*/content/read", "repositories/*/content/write"});
    ci_.narrowed_to = std::make_shared<const std::vector<identity::TokenScope>>(
        std::initializer_list<identity::TokenScope>{{"repository", "app", {"pull"}}});
    EXPECT_TRUE(may(p::pull, "app"));
    EXPECT_FALSE(may(p::push, "app"));
    EXPECT_FALSE(may(p::pull, "other"));
}

} // namespace
} // namespace berth::gateway
