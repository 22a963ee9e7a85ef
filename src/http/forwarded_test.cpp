#include "http/forwarded.hpp"

#include <gtest/gtest.h>

namespace berth::http {
namespace {

TEST(IpAddress, ReadsBothFamilies) {
    for (const std::string_view text : {"127.0.0.1", "0.0.0.0", "255.255.255.255", "::1", "2001:db8::1", "::"}) {
        const auto address = IpAddress::parse(text);
        ASSERT_TRUE(address) << text;
        EXPECT_EQ(address->to_string(), text);
    }
    EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.1"), IpAddress::parse("192.0.2.1"));
    EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.1")->to_string(), "192.0.2.1");
    for (const std::string_view text :
         {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "::1%lo", "[::1]", "1.2.3.4:80", "g::", "1.2.3.4 "}) {
        EXPECT_FALSE(IpAddress::parse(text)) << text;
    }
}

TEST(IpAddress, KnowsLoopback) {
    EXPECT_TRUE(IpAddress::parse("127.3.2.1")->is_loopback());
    EXPECT_TRUE(IpAddress::parse("::1")->is_loopback());
    EXPECT_FALSE(IpAddress::parse("128.0.0.1")->is_loopback());
    EXPECT_FALSE(IpAddress::parse("1::1")->is_loopback());
}

TEST(IpNetwork, HoldsItsAddressesAndNoOthers) {
    struct Case {
        std::string_view network, inside, outside;
    };
    for (const Case& c : {Case{"10.0.0.0/8", "10.255.0.1", "11.0.0.0"}, Case{"192.0.2.128/25", "192.0.2.200", "192.0.2.127"},
                          Case{"192.0.2.1", "192.0.2.1", "192.0.2.2"}, Case{"192.0.2.1", "::ffff:192.0.2.1", "::192.0.2.1"},
                          Case{"fd00::/8", "fdff::1", "fe00::1"}, Case{"2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::"},
                          Case{"::1", "::1", "127.0.0.1"}, Case{"0.0.0.0/0", "255.1.2.3", "::1"}}) {
        const auto network = IpNetwork::parse(c.network);
        ASSERT_TRUE(network) << c.network;
        EXPECT_TRUE(network->contains(*IpAddress::parse(c.inside))) << c.network;
        EXPECT_FALSE(network->contains(*IpAddress::parse(c.outside))) << c.network;
    }
    for (const std::string_view text :
         {"", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/8x", "10/8", "proxy"}) {
        EXPECT_FALSE(IpNetwork::parse(text)) << text;
    }
}

using Fields = std::vector<std::pair<std::string, std::string>>;

std::optional<Refusal> apply(Request& request, const Fields& fields, std::string_view peer) {
    const auto proxies = TrustedProxies::parse({"10.0.0.0/8", "fd00::/8"});
    for (const auto& [name, value] : fields) request.headers.add(name, value);
    request.host = "inside";
    return apply_forwarded(request, *IpAddress::parse(peer), *proxies);
}

TEST(Forwarded, CountsFromTrustedProxies) {
    struct Case {
        Fields fields;
        std::string_view address, host;
        bool secure;
    };
    for (const Case& c : std::vector<Case>{
             {{}, "", "inside", false},
             {{{"X-Forwarded-For", "192.0.2.1"}}, "192.0.2.1", "inside", false},
             {{{"x-forwarded-for", "192.0.2.1"}, {"X-FORWARDED-PROTO", "HTTPS"}, {"X-Forwarded-Host", "Hub.Example:8443"}},
              "192.0.2.1",
              "hub.example:8443",
              true},
             {{{"X-Forwarded-Proto", "https"}}, "", "inside", true},
             {{{"X-Forwarded-Proto", "gopher"}}, "", "inside", false},
             {{{"X-Forwarded-Host", "a b"}}, "", "inside", false},
             // The last that is no proxy, whatever the client wrote before
             {{{"X-Forwarded-For", "198.51.100.1, 192.0.2.1, 10.1.1.1"}}, "192.0.2.1", "inside", false},
             {{{"X-Forwarded-For", "198.51.100.1"}, {"X-Forwarded-For", "192.0.2.1"}}, "192.0.2.1", "inside", false},
             {{{"X-Forwarded-For", "10.2.2.2, 10.1.1.1"}}, "10.2.2.2", "inside", false},
             {{{"X-Forwarded-For", "unknown, 10.1.1.1"}}, "10.1.1.1", "inside", false},
             {{{"X-Forwarded-For", "192.0.2.1:4711"}}, "192.0.2.1", "inside", false},
             {{{"X-Forwarded-For", "[2001:db8::1]:4711"}}, "2001:db8::1", "inside", false},
             // As many protos as hops: that of the client's hop
             {{{"X-Forwarded-For", "192.0.2.1, 10.1.1.1"}, {"X-Forwarded-Proto", "https, http"}}, "192.0.2.1", "inside", true},
             {{{"X-Forwarded-For", "198.51.100.1, 192.0.2.1"}, {"X-Forwarded-Proto", "https, http"}},
              "192.0.2.1",
              "inside",
              false},
             {{{"X-Forwarded-For", "192.0.2.1, 10.1.1.1"}, {"X-Forwarded-Proto", "https"}}, "192.0.2.1", "inside", true},
             {{{"Forwarded", "for=192.0.2.1;proto=https;host=hub.example"}}, "192.0.2.1", "hub.example", true},
             {{{"Forwarded", "For=\"[2001:db8::1]:80\"; Proto=HTTP"}}, "2001:db8::1", "inside", false},
             {{{"Forwarded", "for=198.51.100.1, for=192.0.2.1;proto=https, for=10.1.1.1;proto=http"}},
              "192.0.2.1",
              "inside",
              true},
             {{{"Forwarded", "for=_hidden;proto=https"}}, "", "inside", true},
             {{{"Forwarded", "for=\"a,b;c\";proto=https"}}, "", "inside", true},
             {{{"Forwarded", "for=192.0.2.1"}, {"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-Proto", "https"}},
              "192.0.2.1",
              "inside",
              true},
         }) {
        for (const std::string_view peer : {"10.9.9.9", "fd00::9"}) {
            Request request;
            EXPECT_FALSE(apply(request, c.fields, peer));
            EXPECT_EQ(request.remote_address, c.address) << (c.fields.empty() ? "" : c.fields[0].second);
            EXPECT_EQ(request.host, c.host);
            EXPECT_EQ(request.secure, c.secure);
        }
    }
}

TEST(Forwarded, CountsFromNobodyElse) {
    Request request;
    EXPECT_FALSE(
        apply(request, {{"X-Forwarded-For", "192.0.2.1"}, {"Forwarded", "for=192.0.2.9;proto=https;host=a"}}, "192.0.2.77"));
    EXPECT_EQ(request.remote_address, "");
    EXPECT_EQ(request.host, "inside");
    EXPECT_FALSE(request.secure);
}

TEST(Forwarded, MustNotContradictItself) {
    for (const Fields& fields : std::vector<Fields>{
             {{"X-Forwarded-For", "192.0.2.1"}, {"Forwarded", "for=192.0.2.2"}},
             {{"X-Forwarded-Proto", "http"}, {"Forwarded", "proto=https"}},
             {{"X-Forwarded-Host", "a"}, {"Forwarded", "host=b"}},
         }) {
        Request request;
        const auto refusal = apply(request, fields, "10.0.0.1");
        ASSERT_TRUE(refusal);
        EXPECT_EQ(refusal->status, 400U);
    }
    Request request;
    std::string hops = "192.0.2.1";
    for (int i = 0; i < 64; ++i) hops += ", 10.0.0.1";
    EXPECT_TRUE(apply(request, {{"X-Forwarded-For", hops}}, "10.0.0.1"));
}

TEST(Forwarded, ProxiesAreAddresses) {
    const auto proxies = TrustedProxies::parse({"10.0.0.1", "proxy.example"});
    ASSERT_FALSE(proxies);
    EXPECT_EQ(proxies.error().code, ErrorCode::invalid_parameter);
    EXPECT_TRUE(proxies.error().message.contains("proxy.example"));
}

} // namespace
} // namespace berth::http
