#include "tenant/tenancy.hpp"
#include "tenant/testing/world_builder.hpp"

#include <gtest/gtest.h>

namespace berth::tenant {
namespace {

TEST(World, FindsTheRegistryOfAHost) {
    WorldBuilder builder;
    builder.add_registry("first");
    builder.add_registry("second");
    builder.add_registry("third").login_server = "registry.example.org";
    builder.add_registry("fourth").login_server = "registry.example.org:8443";
    builder.add_registry("fifth").login_server = "[::1]:9000";
    const World world = builder.build();

    const struct {
        std::string_view host;
        std::string_view registry;
    } table[] = {
        {"first.localhost:5443", "first"},
        {"second.localhost:5443", "second"},
        {"SECOND.LocalHost:5443", "second"},
        {"second.localhost:5000", "second"}, // the plain listener: by name, whatever the port
        {"second.localhost", "second"},
        {"registry.example.org", "third"},
        {"registry.example.org:443", "third"},
        {"registry.example.org:8443", "fourth"}, // told apart by port
        {"[::1]:9000", "fifth"},
        {"[::1]", "fifth"},
        {"[::1]:1", "fifth"},
        {"127.0.0.1:5000", "first"}, // nobody's: the first one
        {"localhost", "first"},
        {"", "first"},
        {":", "first"},
        {"second", "first"},
        {"xsecond.localhost:5443", "first"},
        {"second.localhost.", "first"},
    };
    for (const auto& row : table) {
        const Registry* found = world.registry_for_host(row.host);
        ASSERT_NE(found, nullptr) << row.host;
        EXPECT_EQ(found->name, row.registry) << row.host;
    }
    EXPECT_EQ(world.registry_for_host(std::string(100'000, 'a'))->name, "first");
    EXPECT_EQ(WorldBuilder().build().registry_for_host("first.localhost"), nullptr);
}

TEST(World, FindsRegistriesByWhatNamesThem) {
    WorldBuilder builder;
    builder.add_registry("first");
    const Registry second = builder.add_registry("second");
    const World world = builder.build();
    EXPECT_EQ(world.find_registry(second.id)->name, "second");
    EXPECT_EQ(world.find_registry(Guid::random()), nullptr);
    EXPECT_EQ(world.find_registry_by_row(2)->name, "second");
    EXPECT_EQ(world.find_registry_by_row(3), nullptr);
    EXPECT_EQ(world.find_registry(WorldBuilder::scope(second.scope.key()))->name, "second");
    EXPECT_EQ(world.find_registry(WorldBuilder::scope(second.scope.value() + "/tokens/t")), nullptr);
    EXPECT_EQ(world.registries().size(), 2U);
}

TEST(World, FindsPrincipalsByIdClientIdAndName) {
    WorldBuilder builder;
    const Principal robot = builder.add_service_principal("robot");
    const Principal user = builder.add_user("Ada@example.org");
    const World world = builder.build();
    EXPECT_EQ(world.find_principal(robot.id)->display_name, "robot");
    EXPECT_EQ(world.find_principal(*robot.application_id), nullptr); // a client id is no object id
    EXPECT_EQ(world.find_principal_by_application(*robot.application_id)->id, robot.id);
    EXPECT_EQ(world.find_principal_by_application(robot.id), nullptr);
    EXPECT_EQ(world.find_user("ADA@EXAMPLE.org")->id, user.id);
    EXPECT_EQ(world.find_user("robot"), nullptr);
    EXPECT_EQ(world.find_user(std::string(1000, 'a')), nullptr);
    EXPECT_EQ(world.find_subscription(to_string(PrincipalKind::user)), nullptr);
    EXPECT_EQ(world.find_subscription(builder.subscription.value())->display_name, "berth");
}

TEST(LoginServerNaming, NamesHostAndPort) {
    const std::map<std::string, std::string> urls{{"outside", "https://Registry.Example.org"},
                                                  {"ported", "https://registry.example.org:8443/"},
                                                  {"usual", "https://registry.example.org:443"},
                                                  {"plain", "http://registry.example.org:80"},
                                                  {"odd", "http://registry.example.org:443"}};
    const LoginServerNaming usual{.domain = "berth.test", .port = 443, .external_url = urls};
    const LoginServerNaming local{.domain = "localhost", .port = 5443, .external_url = {}};
    const struct {
        const LoginServerNaming& naming;
        std::string_view registry;
        std::string_view expected;
    } table[] = {
        {usual, "Team1", "team1.berth.test"},       {local, "Team1", "team1.localhost:5443"},
        {usual, "OUTSIDE", "registry.example.org"}, {usual, "ported", "registry.example.org:8443"},
        {usual, "usual", "registry.example.org"},   {usual, "plain", "registry.example.org"},
        {usual, "odd", "registry.example.org:443"},
    };
    for (const auto& row : table) EXPECT_EQ(row.naming.login_server(row.registry), row.expected);
}

TEST(PrincipalKind, IsWrittenAndReadAsArmDoes) {
    for (const auto kind : {PrincipalKind::user, PrincipalKind::group, PrincipalKind::service_principal}) {
        EXPECT_EQ(parse_principal_kind(to_string(kind)), kind);
    }
    EXPECT_EQ(to_string(PrincipalKind::service_principal), "ServicePrincipal");
    EXPECT_EQ(parse_principal_kind("serviceprincipal"), std::nullopt);
    EXPECT_EQ(parse_principal_kind(""), std::nullopt);
}

} // namespace
} // namespace berth::tenant
