#include "data_plane/import/import_request.hpp"

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace berth::data_plane {
namespace {

ImportRequest example() {
    return {.source_address = "https://registry.example:5000",
            .source_registry = std::nullopt,
            .repository = *RepositoryName::parse("a/b"),
            .reference = *Tag::parse("v1"),
            .credentials = SourceCredentials{.user = "me", .password = Secret("hush-hush")},
            .targets = {{*RepositoryName::parse("x"), *Tag::parse("y")}, {*RepositoryName::parse("z"), std::nullopt}},
            .force = true,
            .include_referrers = true};
}

TEST(ImportRequest, ComesBackAsItWas) {
    const identity::Seal seal(Bytes(32, std::byte{1}));
    const auto stored = to_json(example(), seal);
    EXPECT_FALSE(boost::json::serialize(stored).contains("hush"));
    const auto back = parse_import_request(stored, seal);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->source_name(), "registry.example:5000/a/b:v1");
    EXPECT_EQ(back->credentials->user, "me");
    EXPECT_TRUE(back->credentials->password.equals("hush-hush"));
    ASSERT_EQ(back->targets.size(), 2U);
    EXPECT_EQ(back->targets[0].tag->value(), "y");
    EXPECT_FALSE(back->targets[1].tag);
    EXPECT_TRUE(back->force && back->include_referrers);

    auto local = example();
    local.source_address.clear();
    local.source_registry = Guid::random();
    local.source_decided = true;
    local.actor_secret = "key-7";
    local.credentials.reset();
    const auto again = parse_import_request(to_json(local, seal), seal);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->source_registry, local.source_registry);
    EXPECT_TRUE(again->source_decided);
    EXPECT_EQ(again->actor_secret, "key-7");
}

TEST(ImportRequest, DamagedOrSealedElsewhereFails) {
    const identity::Seal seal(Bytes(32, std::byte{1})), other(Bytes(32, std::byte{2}));
    const auto stored = to_json(example(), seal);
    EXPECT_EQ(parse_import_request(stored, other).error().code, ErrorCode::invalid_credentials);
    for (const std::string_view member : {"repository", "reference", "address", "targets"}) {
        auto damaged = stored;
        damaged.erase(member);
        EXPECT_EQ(parse_import_request(damaged, seal).error().code, ErrorCode::internal) << member;
    }
}

} // namespace
} // namespace berth::data_plane
