#include "identity/directory_tokens.hpp"
#include "identity/testing/identity_fixture.hpp"
#include "identity/testing/token_forge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace berth::identity {
namespace {

using boost::json::object;
using boost::json::value;
using testing::HasSubstr;
using testing::MatchesRegex;

constexpr std::string_view issuer = "https://localhost:5443/adfs";
constexpr std::string_view arm = "https://management.azure.com";
constexpr std::array only_arm{Audience::resource_manager};
constexpr std::array only_graph{Audience::graph};
constexpr std::array only_registry{Audience::registry};

class DirectoryTokensTest : public testing::Test {
protected:
    People people;
    TestClock clock;
    DirectoryTokens tokens{shared_keys(), clock};
    DirectoryTokens cold{shared_keys(), clock}; // has issued nothing, so it remembers nothing

    DirectoryTokensTest() {
        for (DirectoryTokens* one : {&tokens, &cold}) {
            one->set_own_addresses({"https://localhost:5443", "http://LOCALHOST:5000/", ""});
        }
    }
    std::string issue(std::string_view resource = arm) { return issue(resource, people.robot); }
    std::string issue(std::string_view resource, const Guid& principal) {
        const auto world = people.world();
        auto issued = tokens.issue(world, *world.find_principal(principal), resource, issuer);
        EXPECT_TRUE(issued);
        return issued ? issued->token : "";
    }
    void expect_accepted(std::span<const Audience> accepted, std::string_view token) {
        const auto world = people.world();
        for (DirectoryTokens* with : {&tokens, &cold}) {
            const auto verified = with->verify(world, accepted, token);
            EXPECT_TRUE(verified) << verified.error().message;
        }
    }
    void expect_refused(std::span<const Audience> accepted, std::string_view token, std::string_view code,
                        std::string_view what = "") {
        const auto world = people.world();
        for (DirectoryTokens* with : {&tokens, &cold}) {
            const auto verified = with->verify(world, accepted, token);
            ASSERT_FALSE(verified) << what;
            EXPECT_EQ(verified.error().code, ErrorCode::invalid_credentials) << what;
            EXPECT_EQ(verified.error().protocol_code, code) << what;
        }
    }
    static std::string sign(const object& claims) { return *shared_keys().sign(KeyPurpose::directory, claims); }
};

TEST_F(DirectoryTokensTest, HaveTheClaimsOfEntrasTokens) {
    const object claims = json_part(issue("https://management.azure.com/"), 1);
    EXPECT_EQ(claims.at("aud"), "https://management.azure.com/"); // as it was asked for
    EXPECT_EQ(claims.at("iss"), value(issuer));
    EXPECT_EQ(claims.at("idp"), value(issuer));
    EXPECT_EQ(claims.at("appid"), value(people.robot_client.value()));
    EXPECT_EQ(claims.at("appidacr"), "1");
    EXPECT_EQ(claims.at("idtyp"), "app");
    EXPECT_EQ(claims.at("oid"), value(people.robot.value()));
    EXPECT_EQ(claims.at("sub"), value(people.robot.value()));
    EXPECT_EQ(claims.at("tid"), value(people.builder.tenant.value()));
    EXPECT_EQ(claims.at("ver"), "1.0");
    EXPECT_EQ(claims.at("exp"), 1'800'000'000 + 3600);
    EXPECT_EQ(claims.at("nbf"), 1'800'000'000 - 300);
    EXPECT_EQ(claims.at("iat"), claims.at("nbf"));

    const object user = json_part(issue(arm, people.ada), 1);
    EXPECT_EQ(user.at("idtyp"), "user");
    EXPECT_EQ(user.at("upn"), "ada@example.org");
    EXPECT_FALSE(user.contains("appid"));
}

TEST_F(DirectoryTokensTest, GiveBackTheCaller) {
    const auto world = people.world();
    const std::string token = issue();
    for (DirectoryTokens* with : {&tokens, &cold}) {
        const auto caller = with->verify(world, only_arm, token);
        ASSERT_TRUE(caller);
        EXPECT_EQ(caller->kind, CallerKind::principal);
        EXPECT_EQ(caller->principal, people.robot);
        EXPECT_EQ(caller->name, people.robot_client.value());
        EXPECT_FALSE(caller->registry);
        EXPECT_FALSE(caller->narrowed_to);
    }
    EXPECT_EQ(tokens.verify(world, only_arm, issue(arm, people.ada))->name, "ada@example.org");
}

TEST_F(DirectoryTokensTest, AreForOneAudience) {
    const struct {
        std::string_view resource;
        bool for_arm;
        bool for_graph;
        bool for_registry;
    } table[] = {
        {"https://management.azure.com", true, false, false},
        {"https://management.azure.com/", true, false, false},
        {"https://management.azure.com//", true, false, false},
        {"HTTPS://Management.Azure.com", true, false, false},
        {"https://management.core.windows.net", true, false, false},
        {"https://management.core.windows.net/", true, false, false},
        {"https://graph.microsoft.com", false, true, false},
        {"https://graph.microsoft.com/", false, true, false},
        {"https://containerregistry.azure.net", false, false, true},
        {"https://containerregistry.azure.net/", false, false, true},
        {"https://localhost:5443", true, true, false}, // berth's own address is ARM and Graph
        {"https://localhost:5443/", true, true, false},
        {"http://localhost:5000", true, true, false},
        {"https://localhost:5444", false, false, false},
        {"https://localhost", false, false, false},
        {"management.azure.com", false, false, false},
        {"https://management.azure.com.example.org", false, false, false},
        {"https://management.azure.com/x", false, false, false},
        {"https://vault.azure.net", false, false, false},
        {"", false, false, false},
        {"/", false, false, false},
    };
    for (const auto& row : table) {
        EXPECT_EQ(tokens.knows_resource(people.world(), row.resource), row.for_arm || row.for_graph || row.for_registry)
            << row.resource;
        const std::string token = issue(row.resource);
        const std::pair<std::span<const Audience>, bool> uses[] = {
            {only_arm, row.for_arm}, {only_graph, row.for_graph}, {only_registry, row.for_registry}};
        for (const auto& [accepted, expected] : uses) {
            if (expected) {
                expect_accepted(accepted, token);
            } else {
                expect_refused(accepted, token, "InvalidAuthenticationTokenAudience", row.resource);
            }
        }
    }
    expect_refused({}, issue(), "InvalidAuthenticationTokenAudience");
    const auto refused = tokens.verify(people.world(), only_registry, issue());
    EXPECT_EQ(refused.error().message, "The access token has been obtained for wrong audience or resource "
                                       "'https://management.azure.com'. It should exactly match with one of the allowed "
                                       "audiences 'https://containerregistry.azure.net'.");
}

TEST_F(DirectoryTokensTest, ARegistrySaysWhetherItTakesTokensForArm) {
    const std::string for_arm = issue();
    const std::string for_registry = issue("https://containerregistry.azure.net");
    expect_accepted(exchange_audiences(people.registry()), for_arm);
    expect_accepted(exchange_audiences(people.registry()), for_registry);
    people.registry().arm_tokens_accepted = false;
    expect_refused(exchange_audiences(people.registry()), for_arm, "InvalidAuthenticationTokenAudience");
    expect_accepted(exchange_audiences(people.registry()), for_registry);
    expect_refused(exchange_audiences(people.registry()), issue("https://graph.microsoft.com"),
                   "InvalidAuthenticationTokenAudience");
}

TEST_F(DirectoryTokensTest, OwnAddressesFollowWhatWasSet) {
    const std::string token = issue("https://localhost:5443");
    expect_accepted(only_arm, token);
    for (DirectoryTokens* with : {&tokens, &cold}) with->set_own_addresses({"https://registry.example.org"});
    expect_refused(only_arm, token, "InvalidAuthenticationTokenAudience");
    EXPECT_TRUE(tokens.knows_resource(people.world(), "https://registry.example.org/"));
}

TEST_F(DirectoryTokensTest, ARegistryIsAnOwnAddressFromWhenItIsThere) {
    const std::string login_server = people.registry().login_server;
    const std::string token = issue("https://" + login_server);
    const std::string stranger = issue("https://other." + login_server);
    expect_refused(only_arm, token, "InvalidAuthenticationTokenAudience");
    EXPECT_FALSE(tokens.knows_resource(people.world(), "https://" + login_server));
    for (DirectoryTokens* with : {&tokens, &cold}) {
        with->set_own_addresses({"https://localhost:5443"},
                                [](std::string_view name) { return std::vector{fmt::format("https://{}", name)}; });
    }
    expect_accepted(only_arm, token);
    expect_accepted(only_graph, token);
    expect_refused(only_registry, token, "InvalidAuthenticationTokenAudience");
    EXPECT_TRUE(tokens.knows_resource(people.world(), "HTTPS://" + login_server + "/"));
    EXPECT_TRUE(tokens.is_own_address(people.world(), "https://" + login_server));
    expect_refused(only_arm, stranger, "InvalidAuthenticationTokenAudience");
    EXPECT_FALSE(tokens.knows_resource(people.world(), login_server)) << "no address";
    EXPECT_FALSE(tokens.knows_resource(people.world(), "http://" + login_server)) << "not where it is reached";
}

TEST_F(DirectoryTokensTest, CarryGroupsOfAnOutsideIssuerAndEndWithThem) {
    const auto world = people.world();
    const auto& robot = *world.find_principal(people.robot);
    const OutsideGroups groups{
        "source", std::chrono::floor<std::chrono::seconds>(clock.now() + std::chrono::minutes(10)), {Guid::random()}};
    const auto issued = tokens.issue(world, robot, arm, issuer, "secret", groups);
    ASSERT_TRUE(issued);
    EXPECT_LE(issued->lifetime, std::chrono::minutes(10));
    EXPECT_EQ(json_part(issued->token, 1).at("exp").as_int64(), to_unix_seconds(groups.until));
    for (DirectoryTokens* with : {&tokens, &cold}) {
        EXPECT_EQ(with->verify(world, only_arm, issued->token)->outside_groups, groups);
    }
    const ClientOfPerson client{.client_id = people.robot_client.value(), .confidential = false, .permissions = "x"};
    const auto for_person = tokens.issue_for_person(world, *world.find_principal(people.ada), client, arm, issuer, "s", groups);
    EXPECT_EQ(cold.verify(world, only_arm, for_person->token)->outside_groups, groups);
    object changed = json_part(issued->token, 1);
    for (const value& wrong : {value(true), value(""), value("source"), value(boost::json::array{groups.to_text()})}) {
        changed["berth_groups"] = wrong;
        expect_refused(only_arm, sign(changed), "InvalidAuthenticationToken");
    }
    clock.advance(std::chrono::minutes(10));
    expect_refused(only_arm, issued->token, "ExpiredAuthenticationToken");
    // Of what is over already nothing is made that holds.
    const auto late = tokens.issue(world, robot, arm, issuer, "secret", groups);
    ASSERT_TRUE(late);
    EXPECT_EQ(late->lifetime.count(), 0);
    expect_refused(only_arm, late->token, "ExpiredAuthenticationToken");
}

TEST_F(DirectoryTokensTest, EndWithTheirTime) {
    const std::string token = issue();
    clock.advance(std::chrono::seconds(3599));
    expect_accepted(only_arm, token);
    clock.advance(std::chrono::seconds(1));
    expect_refused(only_arm, token, "ExpiredAuthenticationToken");
    const auto refused = tokens.verify(people.world(), only_arm, token);
    EXPECT_THAT(refused.error().message,
                MatchesRegex("The access token expiry UTC time '1/15/2027 9:00:00 AM' is earlier than current UTC time "
                             "'1/15/2027 9:00:00 AM'\\."));
    clock.advance(-std::chrono::seconds(3600 + 301));
    expect_refused(only_arm, token, "InvalidAuthenticationToken");
}

TEST_F(DirectoryTokensTest, EndWithWhomTheyStandFor) {
    const std::string token = issue();
    people.principal(people.robot).enabled = false;
    expect_refused(only_arm, token, "InvalidAuthenticationToken");
    people.principal(people.robot).enabled = true;
    expect_accepted(only_arm, token);
    people.principal(people.robot).application_id = Guid::random();
    expect_refused(only_arm, token, "InvalidAuthenticationToken");
    people.principal(people.robot).application_id = people.robot_client;
    people.builder.tenant = Guid::random();
    expect_refused(only_arm, token, "InvalidAuthenticationToken");
}

TEST_F(DirectoryTokensTest, ADeletedPrincipalsTokenIsRefused) {
    const std::string token = issue();
    people.principal(people.robot).id = Guid::random(); // made anew under the same client id
    expect_refused(only_arm, token, "InvalidAuthenticationToken");
}

TEST_F(DirectoryTokensTest, EveryClaimMustBeThereAndRight) {
    const object good = json_part(issue(), 1);
    expect_accepted(only_arm, sign(good));
    for (const char* claim : {"aud", "iss", "iat", "nbf", "exp", "appid", "oid", "sub", "tid", "ver"}) {
        object without = good;
        without.erase(claim);
        expect_refused(only_arm, sign(without), "InvalidAuthenticationToken", claim);
        for (const value& wrong : {value(nullptr), value(true), value(1.5), value(boost::json::array{1}), value(object())}) {
            object changed = good;
            changed[claim] = wrong;
            expect_refused(only_arm, sign(changed), "InvalidAuthenticationToken", claim);
        }
    }
    const std::pair<const char*, value> table[] = {
        {"aud", value{arm}}, // a list, as JWT would allow
        {"oid", value(people.robot_client.value())},
        {"oid", value(Guid::random().value())},
        {"oid", value(people.team.value())}, // a group cannot call
        {"oid", value(people.ada.value() + " ")},
        {"appid", value(Guid::random().value())},
        {"tid", value(Guid::random().value())},
        {"exp", "1900000000"},
        {"exp", 1.9e9},
        {"nbf", "0"},
    };
    for (const auto& [claim, wrong] : table) {
        object changed = good;
        changed[claim] = wrong;
        const auto verified = cold.verify(people.world(), only_arm, sign(changed));
        EXPECT_FALSE(verified) << claim << " " << wrong;
    }
}

TEST_F(DirectoryTokensTest, ATokenOfARegistryIsNone) {
    const object good = json_part(issue(), 1);
    expect_refused(only_arm, *shared_keys().sign(KeyPurpose::registry, good), "InvalidAuthenticationToken");
}

TEST_F(DirectoryTokensTest, GarbageIsRefused) {
    for (const std::string& token :
         {std::string(), std::string("a.b.c"), std::string(1 << 20, 'a'), std::string(".."), issue() + "=", issue() + "A"}) {
        expect_refused(only_arm, token, "InvalidAuthenticationToken");
    }
}

} // namespace
} // namespace berth::identity
