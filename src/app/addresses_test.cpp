#include "app/addresses.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace berth::app {
namespace {

using testing::Contains;
using testing::IsSupersetOf;
using testing::Not;

Addresses addresses(const Configuration& configuration, std::uint16_t http_port, std::uint16_t https_port) {
    auto naming = login_server_naming(configuration, https_port != 0 ? https_port : http_port);
    EXPECT_TRUE(naming);
    return {configuration, std::move(*naming), http_port, https_port};
}

Configuration with_domain(std::string domain) {
    Configuration out;
    out.domain = std::move(domain);
    return out;
}

bool everything(std::string_view) { return true; }

TEST(Domain, IsAHostNameWithAPortThatMayBeMissing) {
    const auto plain = parse_domain("AzureCR.localhost");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->name, "azurecr.localhost");
    EXPECT_EQ(plain->port, 0);
    const auto with_port = parse_domain("registry.example.com:8443");
    ASSERT_TRUE(with_port);
    EXPECT_EQ(with_port->name, "registry.example.com");
    EXPECT_EQ(with_port->port, 8443);
    EXPECT_TRUE(parse_domain("localhost"));
}

TEST(Domain, WhatNoCertificateCouldNameIsRefused) {
    for (const std::string& text : {std::string(),
                                    std::string("."),
                                    std::string("a..b"),
                                    std::string(".localhost"),
                                    std::string("a."),
                                    std::string("-a.example"),
                                    std::string("a-.example"),
                                    std::string("a_b.example"),
                                    std::string("a b"),
                                    std::string("*.example.com"),
                                    std::string("https://example.com"),
                                    std::string("example.com/"),
                                    std::string("example.com:"),
                                    std::string("example.com:0"),
                                    std::string("example.com:65536"),
                                    std::string("example.com:44x"),
                                    std::string("a:1:2"),
                                    std::string("127.0.0.1"),
                                    std::string("[::1]"),
                                    std::string("::1"),
                                    std::string("bücher.example"),
                                    std::string(64, 'a') + ".example",
                                    std::string(95, 'a') + "." + std::string(95, 'b')}) {
        const auto parsed = parse_domain(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_NE(parsed.error().message.find("--domain"), std::string::npos);
    }
}

TEST(Addresses, ProgramsOnThisMachineReachWhatListensEverywhereAtTheLoopbackAddress) {
    Configuration configuration;
    configuration.http = "off";
    configuration.https = "[::]:443";
    const auto v6 = addresses(configuration, 0, 443);
    EXPECT_EQ(v6.http(), "");
    EXPECT_EQ(v6.https(), "https://[::1]:443");
    configuration.https = "0.0.0.0:8443";
    EXPECT_EQ(addresses(configuration, 0, 8443).https(), "https://127.0.0.1:8443");
    configuration.https = "192.0.2.1:0";
    EXPECT_EQ(addresses(configuration, 0, 5443).https(), "https://192.0.2.1:5443");
}

TEST(Addresses, PeopleAreToldANameThatTheCertificateIsFor) {
    struct Case {
        std::string domain;
        std::uint16_t port;
        std::string covered; ///< empty: every name
        std::string expected;
    };
    for (const Case& one : std::initializer_list<Case>{
             {"azurecr.localhost", 5443, "", "https://localhost:5443"},
             {"localhost", 443, "", "https://localhost"},
             {"registry.example.com", 443, "", "https://registry.example.com"},
             {"registry.example.com", 5443, "berth.registry.example.com", "https://berth.registry.example.com:5443"},
             {"registry.example.com", 443, "elsewhere.example.com", "https://registry.example.com"},
             {"registry.example.com:443", 5443, "elsewhere.example.com", "https://registry.example.com"},
         }) {
        const auto covers = [&](std::string_view host) { return one.covered.empty() || host == one.covered; };
        EXPECT_EQ(addresses(with_domain(one.domain), 5000, one.port).for_people("Berth", covers), one.expected) << one.domain;
    }
    Configuration external;
    external.external_urls = {"berth=https://images.example.com"};
    EXPECT_EQ(addresses(external, 5000, 5443).for_people("berth", everything), "https://images.example.com");
    EXPECT_EQ(addresses(external, 5000, 5443).for_people("other", everything), "https://localhost:5443");
    EXPECT_EQ(addresses(Configuration(), 5000, 0).for_people("berth", everything), "") << "there is no https";
}

TEST(Addresses, TheServersOwnAreThoseOfItsListenersItsDomainAndItsRegistries) {
    const auto all = addresses(with_domain("registry.example.com"), 5000, 5443);
    const auto own = all.own();
    EXPECT_THAT(own, IsSupersetOf({"http://127.0.0.1:5000", "https://localhost:5443", "https://[::1]:5443",
                                   "https://registry.example.com:5443"}));
    EXPECT_THAT(all.of_registry("berth.registry.example.com:5443"),
                IsSupersetOf({"https://berth.registry.example.com:5443", "http://berth.registry.example.com:5000"}));
    EXPECT_THAT(own, Not(Contains("https://registry.example.com"))) << "another server may be at port 443";
}

TEST(Addresses, WhatStandsInFrontOfALoginServerIsKnownByItsUrlOrPort) {
    EXPECT_FALSE(addresses(with_domain("registry.example.com"), 5000, 5443).is_behind_proxy("a.registry.example.com:5443"));
    EXPECT_TRUE(addresses(with_domain("registry.example.com:443"), 5000, 5443).is_behind_proxy("a.registry.example.com"));
    Configuration external;
    external.external_urls = {"berth=https://images.example.com"};
    EXPECT_TRUE(addresses(external, 5000, 5443).is_behind_proxy("images.example.com"));
    EXPECT_FALSE(addresses(external, 5000, 5443).is_behind_proxy("other.localhost:5443"));
}

TEST(Addresses, ThePortThatTheSchemeImpliesMayBeLeftOut) {
    const auto own = addresses(with_domain("registry.example.com"), 80, 443).own();
    EXPECT_THAT(own, IsSupersetOf({"https://registry.example.com", "https://registry.example.com:443", "https://localhost",
                                   "http://localhost", "http://localhost:80"}));
    const auto behind_proxy = addresses(with_domain("registry.example.com:443"), 5000, 0).own();
    EXPECT_THAT(behind_proxy, IsSupersetOf({"https://registry.example.com", "http://127.0.0.1:5000"}));
}

TEST(LoginServers, EndInTheDomainWithThePortThatClientsUse) {
    const auto name = [](const std::string& domain, std::uint16_t port) {
        const auto naming = login_server_naming(with_domain(domain), port);
        return naming ? naming->login_server("Team1") : naming.error().message;
    };
    EXPECT_EQ(name("azurecr.localhost", 5443), "team1.azurecr.localhost:5443");
    EXPECT_EQ(name("azurecr.localhost", 443), "team1.azurecr.localhost");
    EXPECT_EQ(name("Registry.Example.com:443", 5000), "team1.registry.example.com");
}

} // namespace
} // namespace berth::app
