#include "identity/registry_tokens.hpp"
#include "identity/testing/identity_fixture.hpp"
#include "identity/testing/token_forge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace berth::identity {
namespace {

using boost::json::object;
using boost::json::value;
using testing::HasSubstr;
using testing::UnorderedElementsAre;
using testing::UnorderedElementsAreArray;

class RegistryTokensTest : public testing::Test {
protected:
    People people;
    TestClock clock;
    RegistryTokens tokens{shared_keys(), clock};
    RegistryTokens cold{shared_keys(), clock}; // has issued nothing, so it remembers nothing

    const tenant::Registry& registry() { return people.registry(); }
    Caller robot() const { return {.kind = CallerKind::principal, .principal = people.robot}; }
    Caller ada() const { return {.kind = CallerKind::principal, .principal = people.ada}; }
    static Caller admin() { return {.kind = CallerKind::admin_user}; }

    std::string refresh(const Caller& caller) {
        auto issued = tokens.issue_refresh(people.world(), registry(), caller);
        EXPECT_TRUE(issued) << issued.error().message;
        return issued ? issued->token : "";
    }
    std::string access(const Caller& caller, std::string_view asked = "repository:app:pull", std::string_view granted = "") {
        auto issued = tokens.issue_access(people.world(), registry(), caller, TokenScope::parse_list(asked),
                                          TokenScope::parse_list(granted));
        EXPECT_TRUE(issued) << issued.error().message;
        return issued ? issued->token : "";
    }

    enum class Use { refresh, access };
    Result<Caller> verify(RegistryTokens& with, Use use, std::string_view token) {
        const auto world = people.world();
        return use == Use::refresh ? with.verify_refresh(world, registry(), token)
                                   : with.verify_access(world, registry(), token);
    }
    // Whether a token is refused, whether it is remembered or not, and why.
    void expect_refused(Use use, std::string_view token, std::string_view why, std::string_view what = "") {
        for (RegistryTokens* with : {&tokens, &cold}) {
            const auto verified = verify(*with, use, token);
            ASSERT_FALSE(verified) << what;
            EXPECT_EQ(verified.error().code, ErrorCode::invalid_credentials) << what;
            EXPECT_THAT(verified.error().message, HasSubstr(std::string(why))) << what;
        }
    }
    void expect_accepted(Use use, std::string_view token) {
        for (RegistryTokens* with : {&tokens, &cold}) {
            const auto verified = verify(*with, use, token);
            EXPECT_TRUE(verified) << verified.error().message;
        }
    }
    static std::string sign(const object& claims) { return *shared_keys().sign(KeyPurpose::registry, claims); }
    static std::vector<std::string> names(const object& json) {
        std::vector<std::string> out;
        for (const auto& member : json) out.emplace_back(member.key());
        return out;
    }
};

TEST_F(RegistryTokensTest, RefreshTokensHaveAzuresClaims) {
    const object claims = json_part(refresh(robot()), 1);
    EXPECT_THAT(names(claims), UnorderedElementsAre("jti", "sub", "nbf", "exp", "iat", "iss", "aud", "version", "rid",
                                                    "grant_type", "appid", "tenant", "permissions", "roles", "oid",
                                                    "berth_caller", "berth_mode", "berth_mode_epoch", "berth_secret"));
    EXPECT_TRUE(Guid::parse(std::string_view(claims.at("jti").as_string())));
    EXPECT_EQ(claims.at("sub"), value(people.robot_client.value()));
    EXPECT_EQ(claims.at("appid"), value(people.robot_client.value()));
    EXPECT_EQ(claims.at("oid"), value(people.robot.value()));
    EXPECT_EQ(claims.at("tenant"), value(people.builder.tenant.value()));
    EXPECT_EQ(claims.at("iss"), "Azure Container Registry");
    EXPECT_EQ(claims.at("aud"), "images.localhost:5443");
    EXPECT_EQ(claims.at("version"), "1.0");
    EXPECT_EQ(claims.at("rid"), value(registry().id.compact()));
    EXPECT_EQ(claims.at("grant_type"), "refresh_token");
    EXPECT_EQ(claims.at("roles"), boost::json::array());
    EXPECT_EQ(claims.at("nbf"), 1'800'000'000 - 900);
    EXPECT_EQ(claims.at("iat"), claims.at("nbf"));
    EXPECT_EQ(claims.at("exp").as_int64() - claims.at("nbf").as_int64(), 11'700);
    EXPECT_EQ(claims.at("permissions"), (value{{"actions", {"read", "write"}}, {"notActions", boost::json::array()}}));
}

TEST_F(RegistryTokensTest, AccessTokensHaveAzuresClaims) {
    const object claims = json_part(access(robot(), "repository:app:pull,push", "repository:app:pull"), 1);
    EXPECT_THAT(names(claims), UnorderedElementsAre("jti", "sub", "nbf", "exp", "iat", "iss", "aud", "version", "rid",
                                                    "grant_type", "appid", "roles", "access", "oid", "berth_caller",
                                                    "berth_mode", "berth_mode_epoch", "berth_secret", "berth_asked"));
    EXPECT_EQ(claims.at("grant_type"), "access_token");
    EXPECT_EQ(claims.at("exp").as_int64() - claims.at("nbf").as_int64(), 4'500);
    EXPECT_EQ(claims.at("access"), (value{{{"type", "repository"}, {"name", "app"}, {"actions", {"pull"}}}}));
    EXPECT_EQ(claims.at("berth_asked"), (value{{{"type", "repository"}, {"name", "app"}, {"actions", {"pull", "push"}}}}));
}

TEST_F(RegistryTokensTest, OtherCallersHaveTheirSubjects) {
    const object user = json_part(refresh(ada()), 1);
    EXPECT_EQ(user.at("sub"), "ada@example.org");
    EXPECT_FALSE(user.contains("appid"));
    EXPECT_EQ(user.at("permissions").at("actions"), boost::json::array()); // she has no role

    const object by_admin = json_part(refresh(admin()), 1);
    EXPECT_EQ(by_admin.at("sub"), "images");
    EXPECT_FALSE(by_admin.contains("oid"));
    EXPECT_FALSE(by_admin.contains("appid"));
    EXPECT_EQ(by_admin.at("permissions").at("actions"), (value{"read", "write", "delete", "metadata/read", "metadata/write"}));

    const object anonymous = json_part(access(Caller::anonymous()), 1);
    EXPECT_EQ(anonymous.at("sub"), "acr_anon_pull");
    EXPECT_FALSE(anonymous.contains("oid"));
    EXPECT_EQ(anonymous.at("exp").as_int64() - anonymous.at("nbf").as_int64(), 1'200);
    EXPECT_EQ(tokens.issue_refresh(people.world(), registry(), Caller::anonymous()).error().code, ErrorCode::unauthenticated);
}

TEST_F(RegistryTokensTest, OnlyRepositoryPermissionsShowAnAadIdentity) {
    EXPECT_FALSE(json_part(refresh(robot()), 1).contains("aad_identity"));
    people.registry().mode = tenant::RoleAssignmentMode::repository_permissions;
    const object claims = json_part(refresh(robot()), 1);
    EXPECT_EQ(claims.at("aad_identity"), value(people.robot.value()));
    EXPECT_EQ(claims.at("permissions").at("actions"), boost::json::array()); // AcrPush counts for nothing there
    EXPECT_FALSE(json_part(refresh(admin()), 1).contains("aad_identity"));
}

TEST_F(RegistryTokensTest, GiveBackTheCaller) {
    for (RegistryTokens* with : {&tokens, &cold}) {
        const auto by_refresh = verify(*with, Use::refresh, refresh(robot()));
        ASSERT_TRUE(by_refresh);
        EXPECT_EQ(by_refresh->kind, CallerKind::principal);
        EXPECT_EQ(by_refresh->principal, people.robot);
        EXPECT_EQ(by_refresh->name, people.robot_client.value());
        EXPECT_EQ(by_refresh->registry, registry().id);
        EXPECT_FALSE(by_refresh->narrowed_to);

        const auto by_access = verify(*with, Use::access, access(ada(), "repository:a:pull registry:catalog:*"));
        ASSERT_TRUE(by_access);
        EXPECT_EQ(by_access->name, "ada@example.org");
        EXPECT_TRUE(by_access->narrowing_allows("repository", "a", "pull"));
        EXPECT_TRUE(by_access->narrowing_allows("registry", "catalog", "*"));
        EXPECT_FALSE(by_access->narrowing_allows("repository", "a", "push"));
        EXPECT_FALSE(by_access->narrowing_allows("repository", "b", "pull"));

        const auto by_admin = verify(*with, Use::access, access(admin()));
        ASSERT_TRUE(by_admin);
        EXPECT_EQ(by_admin->kind, CallerKind::admin_user);
        EXPECT_FALSE(by_admin->principal);
        EXPECT_EQ(by_admin->name, "images");

        const auto nobody = verify(*with, Use::access, access(Caller::anonymous()));
        ASSERT_TRUE(nobody);
        EXPECT_EQ(nobody->kind, CallerKind::anonymous);
        EXPECT_FALSE(nobody->principal);
    }
}

TEST_F(RegistryTokensTest, WhatWasGrantedDecidesNothing) {
    // Asked for, granted nothing: a role given later counts, so the token must allow it.
    const auto later = verify(cold, Use::access, access(robot(), "repository:app:pull", ""));
    EXPECT_TRUE(later->narrowing_allows("repository", "app", "pull"));
    // Granted more than was asked: of no use.
    const auto more = verify(cold, Use::access, access(robot(), "repository:app:pull", "repository:*:*"));
    EXPECT_FALSE(more->narrowing_allows("repository", "app", "push"));
    // Nothing asked: for nothing.
    const auto none = verify(cold, Use::access, access(robot(), "", "repository:*:*"));
    EXPECT_FALSE(none->narrowing_allows("repository", "app", "pull"));
}

TEST_F(RegistryTokensTest, OneKindIsNotTheOther) {
    expect_refused(Use::access, refresh(robot()), "no access token");
    expect_refused(Use::refresh, access(robot()), "no refresh token");
}

TEST_F(RegistryTokensTest, EndWithTheirTime) {
    const struct {
        Use use;
        std::string token;
        std::chrono::seconds lifetime;
    } table[] = {
        {Use::refresh, refresh(robot()), std::chrono::hours(3)},
        {Use::access, access(robot()), std::chrono::hours(1)},
        {Use::access, access(Caller::anonymous()), std::chrono::minutes(5)},
    };
    for (const auto& row : table) {
        clock.advance(row.lifetime - std::chrono::seconds(1));
        expect_accepted(row.use, row.token);
        clock.advance(std::chrono::seconds(1));
        expect_refused(row.use, row.token, "expired");
        clock.advance(-row.lifetime);
    }
    const std::string token = access(robot());
    clock.advance(-std::chrono::minutes(15));
    expect_accepted(Use::access, token); // for clocks that are behind
    clock.advance(-std::chrono::seconds(1));
    expect_refused(Use::access, token, "not valid yet");
}

TEST_F(RegistryTokensTest, IssuedLifetimesAreThoseOfTheToken) {
    const auto issued = tokens.issue_access(people.world(), registry(), robot(), {}, {});
    EXPECT_EQ(issued->lifetime, std::chrono::hours(1));
    EXPECT_EQ(issued->expires_at, clock.now() + std::chrono::hours(1));
}

TEST_F(RegistryTokensTest, ForAMinuteTheSameWordsGetTheSameToken) {
    const auto issue = [&](const Caller& caller) {
        return *tokens.issue_access(people.world(), registry(), caller, TokenScope::parse_list("repository:app:pull"), {});
    };
    const auto first = issue(robot());
    clock.advance(std::chrono::seconds(59));
    const auto again = issue(robot());
    EXPECT_EQ(again.token, first.token);
    EXPECT_EQ(again.expires_at, first.expires_at);
    EXPECT_EQ(again.lifetime, std::chrono::hours(1) - std::chrono::seconds(59));
    clock.advance(std::chrono::seconds(1));
    const auto later = issue(robot());
    EXPECT_NE(later.token, first.token);
    EXPECT_EQ(later.lifetime, std::chrono::hours(1));
    EXPECT_EQ(issue(robot()).token, later.token);
    // One that was issued ahead of the clock as it is now would live too long.
    clock.advance(-std::chrono::seconds(30));
    EXPECT_NE(issue(robot()).token, later.token);
    // Whoever is let in for a shorter time gets a shorter token.
    Caller briefly = robot();
    briefly.until = clock.now() + std::chrono::seconds(20);
    const auto brief = issue(briefly);
    EXPECT_EQ(brief.lifetime, std::chrono::seconds(20));
    clock.advance(std::chrono::seconds(15));
    EXPECT_EQ(issue(briefly).token, brief.token);
    EXPECT_EQ(issue(briefly).lifetime, std::chrono::seconds(5));
    EXPECT_EQ(issue(robot()).lifetime, std::chrono::hours(1));
}

TEST_F(RegistryTokensTest, OtherWordsGetAnotherToken) {
    Caller by_secret = robot();
    by_secret.secret = "00000000-0000-4000-8000-000000000001";
    Caller in_group = robot();
    in_group.outside_groups = {
        .source = "https://issuer.example", .until = clock.now() + std::chrono::hours(2), .links = {Guid::random()}};
    std::vector<std::string> all{access(robot()),
                                 access(robot(), "repository:app:push"),
                                 access(robot(), "repository:other:pull"),
                                 access(robot(), "repository:app:pull", "repository:app:pull"),
                                 access(ada()),
                                 access(admin()),
                                 access(by_secret),
                                 access(in_group),
                                 access(Caller::anonymous()),
                                 access(Caller::anonymous()),
                                 refresh(robot()),
                                 refresh(robot())};
    ++people.registry().mode_epoch;
    all.push_back(access(robot()));
    EXPECT_EQ(access(robot()), all.back());
    people.registry().login_server = "images.example.org";
    all.push_back(access(robot()));
    EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size());
}

TEST_F(RegistryTokensTest, AreBoundToTheirRegistry) {
    const std::string token = access(robot());
    const auto world = people.world();
    for (RegistryTokens* with : {&tokens, &cold}) {
        const auto verified = with->verify_access(world, people.other_registry(), token);
        ASSERT_FALSE(verified);
        EXPECT_THAT(verified.error().message, HasSubstr("another registry"));
    }
    // A registry of the same name made anew is another one.
    tenant::Registry anew = registry();
    anew.id = Guid::random();
    EXPECT_FALSE(tokens.verify_access(world, anew, token));
    // The same registry under another address.
    people.registry().login_server = "images.example.org";
    expect_refused(Use::access, token, "audience");
    // The other registry's token with this one's audience.
    tenant::Registry disguised = people.other_registry();
    disguised.login_server = registry().login_server;
    const auto issued = tokens.issue_access(world, disguised, robot(), {}, {});
    expect_refused(Use::access, issued->token, "another registry");
}

TEST_F(RegistryTokensTest, ACallerOfOneRegistryGetsNoTokenForAnother) {
    Caller caller = robot();
    caller.registry = people.other_registry().id;
    EXPECT_FALSE(tokens.issue_refresh(people.world(), registry(), caller));
    caller.registry = registry().id;
    EXPECT_TRUE(tokens.issue_refresh(people.world(), registry(), caller));
}

TEST_F(RegistryTokensTest, EndWithWhomTheyStandFor) {
    const std::string of_robot = access(robot());
    const std::string of_robot_refresh = refresh(robot());
    const std::string of_admin = access(admin());
    const std::string of_admin_refresh = refresh(admin());
    expect_accepted(Use::access, of_robot);
    expect_accepted(Use::access, of_admin);

    people.principal(people.robot).enabled = false;
    expect_refused(Use::access, of_robot, "disabled");
    expect_refused(Use::refresh, of_robot_refresh, "disabled");
    EXPECT_FALSE(tokens.issue_access(people.world(), registry(), robot(), {}, {}));
    people.principal(people.robot).enabled = true;
    expect_accepted(Use::access, of_robot);

    people.registry().admin_user_enabled = false;
    expect_refused(Use::access, of_admin, "admin user");
    expect_refused(Use::refresh, of_admin_refresh, "admin user");
    EXPECT_FALSE(tokens.issue_refresh(people.world(), registry(), admin()));

    // Deleted, and made anew under the same name and client id.
    tenant::Principal& robot_row = people.principal(people.robot);
    robot_row.id = Guid::random();
    expect_refused(Use::access, of_robot, "deleted");

    // A group cannot call.
    EXPECT_FALSE(
        tokens.issue_access(people.world(), registry(), {.kind = CallerKind::principal, .principal = people.team}, {}, {}));
}

TEST_F(RegistryTokensTest, AccessTokensEndWithTheRoleAssignmentModeAndRefreshTokensDoNot) {
    const std::string token = access(robot());
    const std::string by_admin = access(admin());
    const std::string login = refresh(robot());
    tenant::Registry& changed = people.registry();
    changed.mode = tenant::RoleAssignmentMode::repository_permissions;
    ++changed.mode_epoch;
    expect_refused(Use::access, token, "role assignment mode");
    expect_refused(Use::access, by_admin, "role assignment mode");
    const std::string between = access(robot());
    expect_accepted(Use::access, between);
    expect_accepted(Use::refresh, login);
    // Switched back: the mode is the same, the tokens are not.
    changed.mode = tenant::RoleAssignmentMode::registry_permissions;
    ++changed.mode_epoch;
    expect_refused(Use::access, token, "role assignment mode");
    expect_refused(Use::access, between, "role assignment mode");
    expect_accepted(Use::refresh, login);
    // In the place of a password a refresh token goes on too, an old access token does not.
    EXPECT_TRUE(tokens.verify_either(people.world(), registry(), login));
    EXPECT_FALSE(tokens.verify_either(people.world(), registry(), token));
    EXPECT_TRUE(tokens.verify_either(people.world(), registry(), access(robot())));
}

TEST_F(RegistryTokensTest, RememberWhichSecretIsBehindThem) {
    Caller caller = robot();
    caller.secret = "00000000-0000-4000-8000-000000000001";
    for (RegistryTokens* with : {&tokens, &cold}) {
        EXPECT_EQ(verify(*with, Use::access, access(caller))->secret, caller.secret);
        const auto again = verify(*with, Use::refresh, refresh(caller));
        EXPECT_EQ(again->secret, caller.secret);
        EXPECT_EQ(verify(*with, Use::access, access(*again))->secret, caller.secret); // through the other token
        EXPECT_EQ(verify(*with, Use::access, access(robot()))->secret, "");
    }
}

TEST_F(RegistryTokensTest, RepositoryTokensCallAsThemselvesInTheirRegistry) {
    const auto map = std::make_shared<const tenant::ScopeMap>();
    people.builder.tokens.push_back(
        {.id = Guid::random(), .name = "ci", .registry = registry().id, .row = 7, .scope_map = map});
    people.builder.tokens.push_back(
        {.id = Guid::random(), .name = "ci", .registry = people.other_registry().id, .row = 8, .scope_map = map});
    tenant::RegistryToken& row = people.builder.tokens[0];
    const Caller caller{.kind = CallerKind::repository_token, .name = "ci", .registry = registry().id, .token = row.id};
    const std::string token = access(caller);
    const object claims = json_part(token, 1);
    EXPECT_EQ(claims.at("sub"), "ci");
    EXPECT_FALSE(claims.contains("oid"));
    for (RegistryTokens* with : {&tokens, &cold}) {
        const auto verified = verify(*with, Use::access, token);
        ASSERT_TRUE(verified) << verified.error().message;
        EXPECT_EQ(verified->kind, CallerKind::repository_token);
        EXPECT_EQ(verified->token, row.id);
        EXPECT_EQ(verified->name, "ci");
        EXPECT_FALSE(verified->principal);
    }
    // Its id goes with its kind, and with nothing else.
    for (const auto& [claim, wrong] : {std::pair<const char*, value>{"berth_caller", "admin_user"},
                                       {"berth_caller", "principal"},
                                       {"berth_token", "x"},
                                       {"berth_token", value(Guid::random().value())},
                                       {"berth_token", value(people.builder.tokens[1].id.value())},
                                       {"oid", value(people.robot.value())}}) {
        object changed = claims;
        changed[claim] = wrong;
        expect_refused(Use::access, sign(changed), "", claim);
    }
    object of_robot = json_part(access(robot()), 1);
    of_robot["berth_token"] = row.id.value();
    expect_refused(Use::access, sign(of_robot), "berth_token");

    row.enabled = false;
    expect_refused(Use::access, token, "disabled");
    EXPECT_FALSE(tokens.issue_access(people.world(), registry(), caller, {}, {}));
    row.enabled = true;
    expect_accepted(Use::access, token);
    row.id = Guid::random(); // deleted, and made anew under the same name
    expect_refused(Use::access, token, "deleted");
}

TEST_F(RegistryTokensTest, CarryGroupsOfAnOutsideIssuerAndEndWithThem) {
    Caller caller = robot();
    caller.outside_groups = {"source",
                             std::chrono::floor<std::chrono::seconds>(clock.now() + std::chrono::minutes(10)),
                             {Guid::random(), Guid::random()}};
    const auto end = to_unix_seconds(caller.outside_groups.until);
    const std::string refreshing = refresh(caller);
    for (RegistryTokens* with : {&tokens, &cold}) {
        EXPECT_EQ(verify(*with, Use::access, access(caller))->outside_groups, caller.outside_groups);
        const auto again = verify(*with, Use::refresh, refreshing);
        ASSERT_TRUE(again);
        EXPECT_EQ(again->outside_groups, caller.outside_groups);
        const std::string made = access(*again); // through the other token
        EXPECT_EQ(verify(*with, Use::access, made)->outside_groups, caller.outside_groups);
        for (const std::string& token : {refreshing, made}) EXPECT_LE(json_part(token, 1).at("exp").as_int64(), end);
    }
    EXPECT_FALSE(json_part(access(robot()), 1).contains("berth_groups"));
    // Nothing but what berth writes.
    const object good = json_part(access(caller), 1);
    expect_accepted(Use::access, sign(good));
    for (const value& wrong : {value(true), value(1), value(""), value("x"), value("source 1"),
                               value(boost::json::array{caller.outside_groups.to_text()})}) {
        object changed = good;
        changed["berth_groups"] = wrong;
        expect_refused(Use::access, sign(changed), "berth_groups");
    }
    object of_another = json_part(access(admin()), 1);
    of_another["berth_groups"] = good.at("berth_groups");
    expect_refused(Use::access, sign(of_another), "berth_groups");
    clock.advance(std::chrono::minutes(10));
    expect_refused(Use::refresh, refreshing, "expired");
}

TEST_F(RegistryTokensTest, EveryClaimMustBeThereAndRight) {
    const object good = json_part(access(robot()), 1);
    expect_accepted(Use::access, sign(good)); // the test can make what is accepted
    const char* const needed[] = {"jti",         "sub",          "nbf",        "exp",         "iat",
                                  "iss",         "aud",          "rid",        "oid",         "grant_type",
                                  "version",     "berth_caller", "berth_mode", "berth_asked", "berth_mode_epoch",
                                  "berth_secret"};
    for (const char* claim : needed) {
        object without = good;
        without.erase(claim);
        expect_refused(Use::access, sign(without), "", claim);
        for (const value& wrong : {value(nullptr), value(true), value(1.5), value(-1), value(""), value("x"),
                                   value(boost::json::array{1}), value(object{{"a", 1}})}) {
            if (wrong.kind() == good.at(claim).kind() &&
                (claim == std::string_view("jti") || claim == std::string_view("berth_secret") ||
                 claim == std::string_view("sub") || claim == std::string_view("version") || claim == std::string_view("iat") ||
                 claim == std::string_view("nbf"))) {
                continue; // of the right type, and any value will do
            }
            object changed = good;
            changed[claim] = wrong;
            expect_refused(Use::access, sign(changed), "", claim);
        }
    }
    const std::pair<const char*, value> table[] = {
        {"iss", "Azure container registry"},
        {"aud", value{"images.localhost:5443"}}, // a list, as JWT would allow
        {"aud", "IMAGES.localhost:5443"},
        {"rid", value(registry().id.value())}, // with dashes
        {"exp", "1900000000"},
        {"exp", 1.9e9},
        {"exp", std::uint64_t{1} << 63U},
        {"nbf", "0"},
        {"oid", value(people.robot_client.value())}, // the client id is no object id
        {"oid", value(people.robot.compact())},
        {"oid", value(Guid::random().value())},
        {"grant_type", "refresh_token"},
        {"grant_type", "password"},
        {"berth_caller", "admin_user"}, // with an object id
        {"berth_caller", "anonymous"},
        {"berth_caller", "root"},
        {"berth_mode", "repository"},
        {"berth_asked", object()},
        {"berth_asked", value{{{"type", "repository"}, {"name", "app"}}}},
        {"berth_asked", value{{{"type", "repository"}, {"name", "app"}, {"actions", "pull"}}}},
        {"berth_asked", value{{{"type", "repository"}, {"name", "app"}, {"actions", {1}}}}},
        {"berth_asked", value{{{"type", 1}, {"name", "app"}, {"actions", {"pull"}}}}},
        {"berth_asked", value{{{"Type", "repository"}, {"Name", "app"}, {"Actions", {"pull"}}}}},
        {"berth_asked", value{"repository:app:pull"}},
    };
    for (const auto& [claim, wrong] : table) {
        object changed = good;
        changed[claim] = wrong;
        expect_refused(Use::access, sign(changed), "", boost::json::serialize(changed));
    }
    // What clients read may be anything.
    for (const auto& odd : {value(nullptr), value(1), value("x"), value{{{"type", "repository"}}}}) {
        object changed = good;
        changed["access"] = odd;
        expect_accepted(Use::access, sign(changed));
    }
}

TEST_F(RegistryTokensTest, ATokenOfTheDirectoryIsNone) {
    const object good = json_part(access(robot()), 1);
    expect_refused(Use::access, *shared_keys().sign(KeyPurpose::directory, good), "key");
}

TEST_F(RegistryTokensTest, GarbageIsRefused) {
    for (const std::string& token : {std::string(), std::string("a.b.c"), std::string(1 << 20, 'a'), std::string(".."),
                                     access(robot()) + "=", access(robot()) + "A"}) {
        expect_refused(Use::access, token, "");
        expect_refused(Use::refresh, token, "");
    }
}

TEST_F(RegistryTokensTest, TooManyScopesAreRefusedWhenTheyAreAsked) {
    std::string asked;
    for (int i = 0; i < 64; ++i) asked += "repository:" + std::string(255, 'a') + ":pull,push ";
    const auto issued =
        tokens.issue_access(people.world(), registry(), robot(), TokenScope::parse_list(asked), TokenScope::parse_list(asked));
    ASSERT_FALSE(issued);
    EXPECT_EQ(issued.error().code, ErrorCode::bad_request);
    EXPECT_THAT(issued.error().message, HasSubstr("fewer scopes"));
}

TEST_F(RegistryTokensTest, GoClientsCanReadTheClaims) {
    people.principal(people.robot).display_name = "r\xC3\xB6"
                                                  "bot>?~";
    people.principal(people.ada).user_principal_name = "\xC3\xA4"
                                                       "da>?~@example.org";
    for (const Caller& caller : {robot(), ada(), admin()}) {
        for (const std::string& token : {refresh(caller), access(caller, "repository:a>?~\xC3\xA4:pull")}) {
            EXPECT_EQ(part_of(token, 1).find_first_of("-_"), std::string::npos);
            EXPECT_TRUE(from_base64(part_of(token, 1)));
        }
    }
    EXPECT_EQ(json_part(refresh(ada()), 1).at("sub"), "\xC3\xA4"
                                                      "da>?~@example.org");
}

} // namespace
} // namespace berth::identity
