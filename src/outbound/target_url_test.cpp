#include "outbound/target_url.hpp"

#include <gtest/gtest.h>

namespace berth::outbound {
namespace {

TEST(TargetUrl, IsTakenApartOnce) {
    struct Case {
        std::string_view text, host;
        std::uint16_t port;
        std::string_view target, again;
    };
    for (const Case& each : {
             Case{"https://Registry.Example", "registry.example", 443, "/", "https://registry.example:443/"},
             Case{"http://registry.example:5000/v2/?n=1#top", "registry.example", 5000, "/v2/?n=1",
                  "http://registry.example:5000/v2/?n=1"},
             Case{"HTTPS://[::1]:8443/a%2Fb", "::1", 8443, "/a%2Fb", "https://[::1]:8443/a%2Fb"},
         }) {
        const auto url = TargetUrl::parse(each.text);
        ASSERT_TRUE(url) << each.text;
        EXPECT_EQ(url->host, each.host);
        EXPECT_EQ(url->port, each.port);
        EXPECT_EQ(url->target, each.target);
        EXPECT_EQ(url->to_string(), each.again);
    }
}

TEST(TargetUrl, RefusesWhatCouldBeReadInTwoWays) {
    for (const std::string_view bad : {
             "",
             "registry.example",
             "/v2/",
             "//a/b",
             "ftp://a/",
             "file:///etc/passwd",
             "https:a",
             "https://",
             "https:///x",
             "https://user@a/",
             "https://user:p@a/",
             "https://a:/",
             "https://a:0/",
             "https://a:99999/",
             "https://a:-1/",
             "https://a:443x/",
             "https://a:9https://b/",
             "https://a:9b/",
             "https://a b/",
             "https://%31/",
             "https://[::1/",
             "https://[127.0.0.1]/",
             "https://[v1.x]/",
             "https://[::ffff:1.2.3.4]/",
             "https://[fe80::1%25eth0]/",
             "https://a\r\nHost: b/",
             "javascript:1",
             "https://\xc3\xa9/",
         }) {
        EXPECT_FALSE(TargetUrl::parse(bad)) << bad;
    }
}

TEST(TargetUrl, KnowsItsOrigin) {
    const auto one = TargetUrl::parse("https://a/x").value();
    EXPECT_TRUE(one.same_origin(TargetUrl::parse("https://A:443/y").value()));
    for (const std::string_view other : {"http://a:443/", "https://a:444/", "https://b/", "https://a.b/"}) {
        EXPECT_FALSE(one.same_origin(TargetUrl::parse(other).value())) << other;
    }
}

} // namespace
} // namespace berth::outbound
