#include "tenant/network_rules.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace berth::tenant {
namespace {

TEST(NetworkRules, AdmitWhatTheySay) {
    struct Case {
        std::string_view properties;
        std::string_view address;
        bool admitted;
    };
    constexpr std::string_view one = R"({"networkRuleSet":{"defaultAction":"Deny","ipRules":[{"value":"192.0.2.1"}]}})";
    constexpr std::string_view blocks =
        R"({"networkRuleSet":{"defaultAction":"deny","ipRules":[{"value":"192.0.2.0/28"},{"value":"2001:db8::/32"}]}})";
    const Case cases[] = {
        {"{}", "192.0.2.9", true},
        {"{}", "no address", true},
        {R"({"networkRuleSet":null})", "192.0.2.9", true},
        {R"({"networkRuleSet":{"defaultAction":"Allow","ipRules":[{"value":"192.0.2.1"}]}})", "192.0.2.9", true},
        {one, "192.0.2.1", true},
        {one, "::ffff:192.0.2.1", true},
        {one, "192.0.2.2", false},
        {one, "", false},
        {one, "192.0.2.1 ", false},
        {one, "192.0.2.1,203.0.113.1", false},
        {blocks, "192.0.2.15", true},
        {blocks, "192.0.2.16", false},
        {blocks, "2001:db8:1::9", true},
        {blocks, "2001:db9::9", false},
        {R"({"networkRuleSet":{"defaultAction":"Deny"}})", "127.0.0.1", false},
        {R"({"networkRuleSet":{"defaultAction":"Deny","ipRules":[{"value":"damaged"},5,{"value":7}]}})", "127.0.0.1", false},
        {R"({"networkRuleSet":{"defaultAction":"Deny","ipRules":{}}})", "127.0.0.1", false},
        {R"({"networkRuleSet":{"defaultAction":"Other"}})", "127.0.0.1", false},
        {R"({"publicNetworkAccess":"Disabled"})", "127.0.0.1", false},
        {R"({"publicNetworkAccess":"Disabled","networkRuleSet":{"defaultAction":"Allow"}})", "192.0.2.1", false},
        {R"({"publicNetworkAccess":"enabled"})", "192.0.2.1", true},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(network_rules_of(boost::json::parse(c.properties)).admits(c.address), c.admitted)
            << c.properties << " " << c.address;
    }
}

} // namespace
} // namespace berth::tenant
