#include "outbound/allowed_destinations.hpp"

#include <gtest/gtest.h>

namespace berth::outbound {
namespace {

IpAddress address(std::string_view text) { return *IpAddress::parse(text); }

TEST(PublicAddresses, AreThoseOfTheInternet) {
    for (const std::string_view text : {"8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "192.167.255.255", "100.63.0.1",
                                        "100.128.0.1", "223.255.255.255", "169.253.0.1", "2606:4700::1111", "2001:4860::8888",
                                        "2002:808:808::1", "64:ff9b::808:808", "::ffff:8.8.8.8"}) {
        EXPECT_TRUE(is_public(address(text))) << text;
    }
    for (const std::string_view text : {"0.0.0.0",
                                        "0.1.2.3",
                                        "10.0.0.1",
                                        "10.255.255.255",
                                        "100.64.0.1",
                                        "127.0.0.1",
                                        "127.255.255.254",
                                        "169.254.169.254",
                                        "172.16.0.1",
                                        "172.31.255.255",
                                        "192.0.0.1",
                                        "192.0.2.1",
                                        "192.168.0.1",
                                        "198.18.0.1",
                                        "198.51.100.1",
                                        "203.0.113.1",
                                        "224.0.0.1",
                                        "240.0.0.1",
                                        "255.255.255.255",
                                        "::",
                                        "::1",
                                        "::ffff:127.0.0.1",
                                        "::ffff:10.0.0.1",
                                        "::127.0.0.1",
                                        "fe80::1",
                                        "fc00::1",
                                        "fd12:3456::1",
                                        "ff02::1",
                                        "2001:db8::1",
                                        "2001::1",
                                        "2002:7f00:1::1",
                                        "2002:a00:1::1",
                                        "64:ff9b::7f00:1",
                                        "64:ff9b::a00:1",
                                        "64:ff9b:1::1",
                                        "100::1",
                                        "3fff::1",
                                        "4000::1"}) {
        EXPECT_FALSE(is_public(address(text))) << text;
    }
}

AllowedDestinations allowed(const std::vector<std::string>& entries) { return AllowedDestinations::parse(entries).value(); }

TEST(AllowedDestinations, AreThoseThatWereNamed) {
    struct Case {
        std::string entry;
        std::string_view host;
        std::uint16_t port;
        std::string_view address;
        bool allows;
        bool plain;
    };
    for (const Case& one : {Case{"registry.lan", "registry.lan", 443, "10.0.0.1", true, false},
                            Case{"Registry.LAN", "registry.lan", 5000, "10.0.0.1", true, false},
                            Case{"registry.lan:5000", "registry.lan", 5000, "10.0.0.1", true, false},
                            Case{"registry.lan:5000", "registry.lan", 5001, "10.0.0.1", false, false},
                            Case{"registry.lan", "other.lan", 443, "10.0.0.1", false, false},
                            Case{"registry.lan", "registry.lan.evil", 443, "10.0.0.1", false, false},
                            Case{"registry.lan", "xregistry.lan", 443, "10.0.0.1", false, false},
                            Case{"*.lan", "registry.lan", 443, "10.0.0.1", true, false},
                            Case{"*.lan", "a.b.lan", 443, "10.0.0.1", true, false},
                            Case{"*.lan", "lan", 443, "10.0.0.1", false, false},
                            Case{"*.lan", "evillan", 443, "10.0.0.1", false, false},
                            Case{"10.0.0.0/8", "any.example", 443, "10.1.2.3", true, false},
                            Case{"10.0.0.0/8", "any.example", 443, "11.1.2.3", true, false}, // public
                            Case{"10.0.0.0/8", "any.example", 443, "192.168.0.1", false, false},
                            Case{"127.0.0.1", "127.0.0.1", 80, "127.0.0.1", true, false},
                            Case{"127.0.0.1", "localhost", 80, "127.0.0.1", true, false},
                            Case{"127.0.0.1:5000", "127.0.0.1", 5000, "127.0.0.1", true, false},
                            Case{"127.0.0.1:5000", "127.0.0.1", 5001, "127.0.0.1", false, false},
                            Case{"127.0.0.1:5000", "localhost", 5000, "127.0.0.1", false, false},
                            Case{"http://127.0.0.1", "127.0.0.1", 5001, "127.0.0.1", true, true},
                            Case{"http://registry.lan:5000", "registry.lan", 5000, "10.0.0.1", true, true},
                            Case{"http://registry.lan:5000", "registry.lan", 80, "10.0.0.1", false, false},
                            Case{"http://10.0.0.0/8", "10.2.3.4", 80, "10.2.3.4", true, true},
                            Case{"http://10.0.0.0/8", "registry.lan", 80, "10.2.3.4", true, false},
                            Case{"[::1]:5000", "::1", 5000, "::1", true, false},
                            Case{"::1", "::1", 5000, "::1", true, false},
                            Case{"fd00::/8", "registry.lan", 5000, "fd00::5", true, false}}) {
        const auto destinations = allowed({one.entry});
        EXPECT_EQ(destinations.allows(one.host, one.port, address(one.address)), one.allows)
            << one.entry << ' ' << one.host << ' ' << one.address;
        EXPECT_EQ(destinations.allows_plain_http(one.host, one.port), one.plain) << one.entry << ' ' << one.host;
    }
    EXPECT_FALSE(AllowedDestinations().allows("localhost", 80, address("127.0.0.1")));
    EXPECT_FALSE(AllowedDestinations().allows_plain_http("registry.example", 80));
}

TEST(AllowedDestinations, RefuseWhatNamesNothing) {
    for (const std::string& bad : std::vector<std::string>{
             "", "http://", "a b", "registry.lan:", "registry.lan:0", "registry.lan:x", "registry.lan:70000", "10.0.0.0/33",
             "[::1", "[lan]:5", "*", "*.", "https://registry.lan", "registry.lan/path", "user@lan"}) {
        EXPECT_FALSE(AllowedDestinations::parse(std::vector{bad})) << bad;
    }
}

} // namespace
} // namespace berth::outbound
