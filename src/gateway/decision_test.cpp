#include "gateway/decision.hpp"

#include <gtest/gtest.h>

namespace berth::gateway {
namespace {

using identity::Caller;
using identity::CallerKind;
using identity::TokenScope;

const Guid alice = *Guid::parse("aaaaaaaa-0000-0000-0000-000000000001");
const Guid registry_id = *Guid::parse("bbbbbbbb-0000-0000-0000-000000000001");
const Timestamp now{std::chrono::seconds(1'800'000'000)};
const Guid tenant_id = *Guid::parse("cccccccc-0000-0000-0000-000000000001");
constexpr std::string_view registry_scope = "/subscriptions/dddddddd-0000-0000-0000-000000000001/resourceGroups/g/providers/"
                                            "Microsoft.ContainerRegistry/registries/harbor";

tenant::World world(std::string_view role, bool anonymous = false, bool admin = false, bool global_administrator = false) {
    rbac::PolicyInput input;
    if (!role.empty()) {
        input.assignments.push_back({.id = Guid::random(),
                                     .scope = *rbac::Scope::parse(registry_scope),
                                     .role_definition = rbac::find_built_in_role(role)->id,
                                     .principal = alice,
                                     .principal_type = "ServicePrincipal",
                                     .condition = {},
                                     .description = {},
                                     .created_at = {},
                                     .created_by = {},
                                     .updated_at = {},
                                     .updated_by = {}});
    }
    tenant::Registry registry{.row = 1,
                              .id = registry_id,
                              .name = "harbor",
                              .login_server = "harbor.localhost:5443",
                              .scope = *rbac::Scope::parse(registry_scope),
                              .subscription = *Guid::parse("dddddddd-0000-0000-0000-000000000001"),
                              .mode = tenant::RoleAssignmentMode::registry_permissions,
                              .admin_user_enabled = admin,
                              .anonymous_pull_enabled = anonymous,
                              .arm_tokens_accepted = true};
    tenant::Principal principal{.id = alice,
                                .kind = tenant::PrincipalKind::service_principal,
                                .display_name = "alice",
                                .application_id = {},
                                .user_principal_name = {},
                                .enabled = true,
                                .global_administrator = global_administrator};
    return {1, tenant_id, "test", {}, {registry}, {principal}, rbac::Policy::compile(std::move(input))};
}

Caller principal_caller() {
    Caller caller;
    caller.kind = CallerKind::principal;
    caller.principal = alice;
    caller.name = "alice-client-id";
    return caller;
}

Result<void> ask(const tenant::World& w, const Caller& caller, const Permission& permission) {
    return decide(w, now, caller, permission, Target::in_registry(w.registries()[0], "library/app"));
}

TEST(Decision, RolesGrantOnTheDataPlane) {
    using namespace permissions;
    struct Case {
        std::string_view role;
        const Permission& permission;
        bool allowed;
    };
    const Case cases[] = {
        {"AcrPull", pull, true},
        {"AcrPull", push, false},
        {"AcrPull", catalog, true},
        {"AcrPull", list_tags, true},
        {"AcrPull", metadata_read, false},
        {"AcrPush", push, true},
        {"AcrPush", pull, true},
        {"AcrPush", delete_content, false},
        {"AcrDelete", delete_content, true},
        {"AcrDelete", pull, false},
        {"Reader", pull, true},
        {"Reader", push, false},
        {"Owner", push, true},
        {"Owner", sign, false},
        {"Contributor", delete_content, true},
        {"AcrImageSigner", sign, true},
        {"AcrImageSigner", push, false},
        {"", pull, false},
    };
    for (const Case& c : cases) {
        const auto w = world(c.role);
        EXPECT_EQ(ask(w, principal_caller(), c.permission).has_value(), c.allowed) << c.role << " " << c.permission.name;
        EXPECT_EQ(is_allowed(w, now, principal_caller(), c.permission, Target::in_registry(w.registries()[0], "library/app")),
                  c.allowed);
    }
}

TEST(Decision, ARefusalNamesWhoWhatWhereAndTheRoleThatWouldDo) {
    const auto refused = ask(world("AcrPull"), principal_caller(), permissions::push);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::forbidden);
    for (const std::string_view part :
         {std::string_view("The client 'alice' with object id 'aaaaaaaa-0000-0000-0000-000000000001'"),
          std::string_view("'Microsoft.ContainerRegistry/registries/push/write'"), registry_scope,
          std::string_view("'library/app'"), std::string_view("'AcrPush'")}) {
        EXPECT_NE(refused.error().message.find(part), std::string::npos) << part << " in " << refused.error().message;
    }
    EXPECT_EQ(boost::json::serialize(refused.error().detail), R"([{"Type":"repository","Name":"library/app","Action":"pull"},)"
                                                              R"({"Type":"repository","Name":"library/app","Action":"push"}])");
}

TEST(Decision, ATokenNarrowsAndNeverWidens) {
    Caller caller = principal_caller();
    caller.narrowed_to = std::make_shared<const std::vector<TokenScope>>(
        std::initializer_list<TokenScope>{{"repository", "library/app", {"pull"}}});
    EXPECT_TRUE(ask(world("AcrPush"), caller, permissions::pull));
    EXPECT_FALSE(ask(world("AcrPush"), caller, permissions::push));
    EXPECT_FALSE(ask(world("AcrPush"), caller, permissions::catalog));
    EXPECT_FALSE(ask(world(""), caller, permissions::pull)); // asked for is not granted
    caller.narrowed_to =
        std::make_shared<const std::vector<TokenScope>>(std::initializer_list<TokenScope>{{"repository", "other", {"*"}}});
    EXPECT_FALSE(ask(world("AcrPush"), caller, permissions::pull));
    caller.narrowed_to = std::make_shared<const std::vector<TokenScope>>(
        std::initializer_list<TokenScope>{{"repository", "*", {"*"}}, {"registry", "catalog", {"*"}}});
    EXPECT_TRUE(ask(world("AcrPush"), caller, permissions::push));
    EXPECT_TRUE(ask(world("AcrPush"), caller, permissions::catalog));
}

TEST(Decision, TheAnonymousPullWhereItIsEnabledAndNothingElse) {
    const Caller nobody = Caller::anonymous();
    EXPECT_TRUE(ask(world("", true), nobody, permissions::pull));
    EXPECT_TRUE(ask(world("", true), nobody, permissions::catalog));
    EXPECT_FALSE(ask(world("", true), nobody, permissions::push));
    EXPECT_EQ(ask(world("", false), nobody, permissions::pull).error().code, ErrorCode::unauthenticated);
}

TEST(Decision, TheAdminUserWorksInItsRegistryWhileItIsEnabled) {
    Caller admin;
    admin.kind = CallerKind::admin_user;
    admin.name = "harbor";
    admin.registry = registry_id;
    EXPECT_TRUE(ask(world("", false, true), admin, permissions::push));
    EXPECT_FALSE(ask(world("", false, true), admin, permissions::sign));
    EXPECT_FALSE(ask(world("", false, false), admin, permissions::pull));
    admin.registry = Guid::random();
    EXPECT_FALSE(ask(world("", false, true), admin, permissions::pull));
}

TEST(Decision, ADeferredEntryTakesConditionsAsMet) {
    rbac::PolicyInput input;
    input.assignments.push_back({.id = Guid::random(),
                                 .scope = *rbac::Scope::parse(registry_scope),
                                 .role_definition = rbac::find_built_in_role("Owner")->id,
                                 .principal = alice,
                                 .principal_type = "ServicePrincipal",
                                 .condition = rbac::Condition::never("never"),
                                 .description = {},
                                 .created_at = {},
                                 .created_by = {},
                                 .updated_at = {},
                                 .updated_by = {}});
    const auto plain = world("");
    const tenant::World w{
        1, tenant_id, "test", {}, {plain.registries()[0]}, {plain.principals()[0]}, rbac::Policy::compile(std::move(input))};
    const Permission assign = arm_permission("Microsoft.Authorization/roleAssignments/write");
    Target target = Target::at(w.registries()[0].scope);
    EXPECT_FALSE(decide(w, now, principal_caller(), assign, target));
    target.conditions_met = true;
    EXPECT_TRUE(decide(w, now, principal_caller(), assign, target));
    EXPECT_FALSE(decide(plain, now, principal_caller(), assign, target)); // what no role holds, no condition gives
}

TEST(Decision, RightsInTheDirectoryAndOnResourcesAreSeparate) {
    const Permission create = directory_permission("microsoft.directory/applications/create");
    EXPECT_EQ(decide(world("Owner"), now, principal_caller(), create, Target::in_directory()).error().code,
              ErrorCode::directory_forbidden);
    EXPECT_TRUE(decide(world("", false, false, true), now, principal_caller(), create, Target::in_directory()));
    EXPECT_FALSE(ask(world("", false, false, true), principal_caller(), permissions::pull));
}

} // namespace
} // namespace berth::gateway
