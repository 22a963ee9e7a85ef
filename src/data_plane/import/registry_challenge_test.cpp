#include "data_plane/import/registry_challenge.hpp"

#include "data_plane/import/remote_registry.hpp"

#include <gtest/gtest.h>

namespace berth::data_plane {
namespace {

using Scheme = RegistryChallenge::Scheme;

TEST(RegistryChallenge, IsReadAsRegistriesWriteIt) {
    struct Case {
        std::string_view header;
        Scheme scheme;
        std::string_view realm;
        std::string_view service;
    };
    for (const Case& one :
         {Case{R"(Bearer realm="https://a/token",service="s",scope="repository:x:pull")", Scheme::bearer, "https://a/token",
               "s"},
          Case{R"(bearer  Realm = "https://a/token" , SERVICE=s)", Scheme::bearer, "https://a/token", "s"},
          Case{R"(Bearer service="a, b",realm="https://a/t?x=\"y\"")", Scheme::bearer, "https://a/t?x=\"y\"", "a, b"},
          Case{R"(Negotiate, Bearer realm="https://a/token")", Scheme::bearer, "https://a/token", ""},
          Case{R"(Digest realm="x", nonce="y", Bearer realm="https://a/token")", Scheme::bearer, "https://a/token", ""},
          Case{R"(Basic realm="registry")", Scheme::basic, "registry", ""}, Case{"Basic", Scheme::basic, "", ""},
          Case{R"(Bearer service="no realm", Basic realm="r")", Scheme::basic, "r", ""}}) {
        const auto challenge = parse_registry_challenge(one.header);
        ASSERT_TRUE(challenge) << one.header;
        EXPECT_EQ(challenge->scheme, one.scheme) << one.header;
        EXPECT_EQ(challenge->realm, one.realm) << one.header;
        EXPECT_EQ(challenge->service, one.service) << one.header;
    }
    for (const std::string_view bad : {"", " ", ",", "Bearer", "Bearer realm=", R"(Bearer realm="x)", R"(Bearer realm="x\)",
                                       R"(Digest realm="x")", "Bearer =x", "\"", R"(Bearer realm="")"}) {
        EXPECT_FALSE(parse_registry_challenge(bad)) << bad;
    }
    EXPECT_FALSE(parse_registry_challenge(std::string(9000, 'a')));
}

TEST(RegistryToken, IsOneWordOfTheAnswer) {
    EXPECT_EQ(parse_registry_token(R"({"token":"a.b"})")->reveal(), "a.b");
    EXPECT_EQ(parse_registry_token(R"({"token":"old","access_token":"new"})")->reveal(), "new");
    EXPECT_EQ(parse_refresh_token(R"({"refresh_token":"r"})")->reveal(), "r");
    for (const std::string_view bad : {"", "{}", "[]", "token", R"({"token":1})", R"({"token":""})", R"({"token":"a b"})",
                                       R"({"token":"a\r\nX: y"})", R"({"token":"a","token":"b"})", R"({"token":"\u00e9"})"}) {
        EXPECT_FALSE(parse_registry_token(bad)) << bad;
    }
    EXPECT_FALSE(parse_registry_token(R"({"token":")" + std::string(17 * 1024, 'a') + "\"}"));
    EXPECT_FALSE(parse_refresh_token(R"({"token":"a"})"));
}

TEST(Credentials, GoToTheNamedHostOrToAKnownOne) {
    struct Case {
        std::string_view source;
        std::string_view realm;
        bool expected;
    };
    for (const Case& one : {
             Case{"https://registry.example", "https://registry.example/token", true},
             Case{"https://registry.example:5000", "https://registry.example:5000/token", true},
             Case{"https://registry.example:5050", "https://registry.example/jwt/auth", true}, // GitLab, as it is installed
             Case{"https://registry.example", "https://registry.example:8443/token", true},
             Case{"http://registry.example:5000", "http://registry.example:5000/token", true},
             Case{"http://registry.example:5000", "https://registry.example/token", true},
             Case{"http://registry.example:5000", "http://registry.example:5001/token", false},
             Case{"https://registry.example", "http://registry.example/token", false},
             Case{"https://registry.example", "http://registry.example:443/token", false},
             Case{"https://registry.example", "https://auth.registry.example/token", false},
             Case{"https://registry.example", "https://auth.docker.io/token", false},
             Case{"https://registry-1.docker.io", "https://auth.docker.io/token", true},
             Case{"https://registry-1.docker.io", "http://auth.docker.io/token", false},
             Case{"https://registry-1.docker.io", "https://auth.docker.io:8443/token", false},
             Case{"https://registry-1.docker.io:8443", "https://auth.docker.io/token", false},
             Case{"http://registry-1.docker.io", "https://auth.docker.io/token", false},
             Case{"https://auth.docker.io", "https://registry-1.docker.io/token", false},
         }) {
        const auto source = outbound::TargetUrl::parse(one.source);
        const auto realm = outbound::TargetUrl::parse(one.realm);
        ASSERT_TRUE(source && realm) << one.source << ' ' << one.realm;
        EXPECT_EQ(may_get_credentials(*source, *realm), one.expected) << one.source << ' ' << one.realm;
    }
}

} // namespace
} // namespace berth::data_plane
