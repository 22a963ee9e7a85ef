#include "identity/group_claim.hpp"
#include "identity/outside_groups.hpp"
#include "identity/testing/test_clock.hpp"
#include "tenant/directory_store.hpp"
#include "tenant/outside_group_store.hpp"
#include "tenant/testing/tenant_database.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace berth::identity {
namespace {

using storage::Session;
using tenant::OutsideGroup;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(OutsideGroups, AreWrittenAndRead) {
    EXPECT_EQ(OutsideGroups().to_text(), "");
    EXPECT_EQ(OutsideGroups::parse("").value(), OutsideGroups());
    const OutsideGroups groups{"source", Timestamp(std::chrono::seconds(1'800'000'000)), {Guid::random(), Guid::random()}};
    const std::string text = groups.to_text();
    EXPECT_EQ(text, fmt::format("source 1800000000 {} {}", groups.links[0].value(), groups.links[1].value()));
    EXPECT_EQ(OutsideGroups::parse(text).value(), groups);
}

TEST(OutsideGroups, AreNothingElse) {
    const std::string id = Guid::random().value();
    for (const std::string& text :
         {std::string(" "), std::string("source"), std::string("source 1"), "source " + id, "source x " + id, "source -1 " + id,
          "source 1x " + id, "source 253402300800 " + id, "source 99999999999999999999 " + id, " 1 " + id, "source 1  " + id,
          "source 1 " + id + "x", "source 1 x " + id}) {
        EXPECT_FALSE(OutsideGroups::parse(text)) << text;
    }
    const auto claim = [](std::string_view json) { return OutsideGroups::of_claims(boost::json::parse(json)); };
    EXPECT_EQ(claim("{}").value(), OutsideGroups());
    for (const std::string_view json : {R"({"berth_groups":""})", R"({"berth_groups":7})", R"({"berth_groups":["source 1"]})",
                                        R"({"berth_groups":"source"})"}) {
        EXPECT_FALSE(claim(json)) << json;
    }
}

TEST(TrustedIssuer, AndItsClaimTogetherAreASource) {
    const auto source = [](std::string_view text) { return TrustedIssuer::parse(text).value().group_source(); };
    EXPECT_EQ(source("issuer=https://a.example"), "");
    const auto one = source("issuer=https://a.example,groups-claim=groups");
    EXPECT_EQ(one, source("issuer=https://a.example,audience=x,groups-claim=groups,subject-claim=email"));
    EXPECT_EQ(one.find(' '), std::string::npos);
    for (const std::string_view other :
         {"issuer=https://a.example,groups-claim=roles", "issuer=https://a.example/,groups-claim=groups",
          "issuer=https://b.example,groups-claim=groups"}) {
        EXPECT_NE(source(other), one) << other;
    }
}

class LinkedGroups : public ::testing::Test {
protected:
    TestClock clock;
    tenant::TenantDatabase rows;
    const TrustedIssuer issuer{
        .issuer = "https://a.example", .audiences = {}, .subject_claim = "sub", .groups_claim = "groups", .key_set = {}};
    Guid group = make_group("developers");

    Guid make_group(const std::string& name) {
        return rows
            .write([&](Session& session) { return tenant::create_group(session, rows.first->tenant, name, clock.now()); })
            ->id;
    }
    void link(const Guid& to, std::vector<OutsideGroup> groups) {
        auto set = rows.write([&](Session& session) { return tenant::set_outside_groups(session, to, groups); });
        ASSERT_TRUE(set) << set.error().message;
    }
    Result<OutsideGroups> links(std::vector<std::string> groups) {
        return rows.read([&](Session& session) { return linked_groups(session, issuer, groups, clock.now()); });
    }
};

TEST_F(LinkedGroups, AreThoseOfTheIssuerByteByByte) {
    link(group, {{"https://a.example", "dev"}, {"https://a.example/", "ops"}, {"https://b.example", "other"}});
    EXPECT_THAT(links({"dev"}).value().links, SizeIs(1));
    EXPECT_EQ(links({"dev"}).value().source, issuer.group_source());
    EXPECT_THAT(links({"ops", "other", "Dev", "dev ", "", "developers", group.value()}).value().links, IsEmpty());
    EXPECT_THAT(links({}).value().links, IsEmpty());
}

TEST_F(LinkedGroups, StayWhatTheyAreUntilTheyGo) {
    const auto other = make_group("others");
    link(group, {{"https://a.example", "dev"}});
    link(other, {{"https://a.example", "dev"}});
    const auto before = links({"dev"}).value().links;
    EXPECT_THAT(before, SizeIs(2));
    link(group, {{"https://a.example", "ops"}, {"https://a.example", "dev"}});
    EXPECT_EQ(links({"dev"}).value().links, before) << "what was there stays the same link";
    link(group, {});
    EXPECT_THAT(links({"dev"}).value().links, SizeIs(1));
    EXPECT_THAT(links({"ops"}).value().links, IsEmpty());
    link(group, {{"https://a.example", "dev"}});
    EXPECT_THAT(links({"dev"}).value().links, SizeIs(2));
    EXPECT_NE(links({"dev"}).value().links, before) << "made anew it is another one";
}

TEST_F(LinkedGroups, AreBounded) {
    std::vector<OutsideGroup> many;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < tenant::max_outside_groups; ++i) {
        names.push_back(fmt::format("{}", i));
        many.push_back({"https://a.example", names.back()});
    }
    link(group, many);
    EXPECT_THAT(links(names).value().links, SizeIs(tenant::max_outside_groups));
    link(make_group("others"), many);
    const auto too_many = links(names);
    ASSERT_FALSE(too_many);
    EXPECT_EQ(too_many.error().code, ErrorCode::invalid_credentials);
    many.push_back({"https://a.example", "one more"});
    const auto set = rows.write([&](Session& session) { return tenant::set_outside_groups(session, group, many); });
    ASSERT_FALSE(set);
    EXPECT_EQ(set.error().code, ErrorCode::limit_exceeded);
}

} // namespace
} // namespace berth::identity
