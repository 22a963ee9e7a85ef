#include "data_plane/collection/survey.hpp"

#include "data_plane/collection/collection_state.hpp"
#include "data_plane/manifest_deletion.hpp"
#include "data_plane/testing/content_database.hpp"

#include <gmock/gmock.h>

namespace berth::data_plane {
namespace {

using storage::Session;
using testing::ElementsAre;
using testing::HasSubstr;

class Surveying : public ContentDatabase {
protected:
    GarbageSurvey survey(const CollectionPolicy& policy = {.grace = std::chrono::hours(1)}, std::size_t most = 100) {
        return read([&](Session& session) { return survey_garbage(session, policy, now(), most); });
    }
    void delete_image(std::string_view repository, const Digest& digest) {
        const auto row = row_of(repository);
        write([&](Session& session) { return delete_manifest(session, row, digest, now()); });
    }
    static std::vector<std::string> kinds(const GarbageSurvey& survey) {
        std::vector<std::string> out;
        for (const auto& one : survey.findings) out.push_back(one.what);
        return out;
    }
};

TEST_F(Surveying, NamesLinksAndTheBlobsThatNobodyElseLinks) {
    const Digest digest = push_image("a", "", "shared");
    push_image("b", "", "shared");
    const Digest own = push_image("a", "", "own");
    delete_image("a", digest);
    delete_image("a", own);
    EXPECT_TRUE(survey().findings.empty()) << "within the grace";
    EXPECT_EQ(survey().waiting, 3U);
    pass(std::chrono::hours(2));
    const GarbageSurvey found = survey();
    EXPECT_EQ(found.would.links, 3U) << "config, shared, own";
    EXPECT_EQ(found.would.blobs, 1U);
    EXPECT_EQ(found.bytes, 3U);
    EXPECT_EQ(found.waiting, 0U);
    EXPECT_EQ(found.findings.front().repository, "a");
    EXPECT_EQ(found.findings.front().registry, "r");
    EXPECT_THAT(found.findings.front().why, HasSubstr("deleted"));
    EXPECT_EQ(survey({.grace = std::chrono::hours(1)}, 2).findings.size(), 2U) << "all are counted, some are told";
    EXPECT_EQ(survey({.grace = std::chrono::hours(1)}, 2).would.links, 3U);
}

TEST_F(Surveying, ABlobGoesOnceAlthoughAllItsLinksDo) {
    push_blob("a", "same");
    push_blob("b", "same");
    for (const std::string_view name : {"a", "b"}) {
        const auto row = row_of(name);
        write([&](Session& session) { return queue_unlisted(session, Digest::of(as_bytes("same")), row, now()); });
    }
    pass(std::chrono::hours(2));
    EXPECT_THAT(kinds(survey()), ElementsAre("link", "link", "blob"));
    EXPECT_TRUE(survey({.grace = std::chrono::hours(1), .unlisted_blobs = false}).findings.empty());
}

TEST_F(Surveying, UntaggedManifestsByPolicy) {
    const Digest digest = push_image("a", "", "one");
    EXPECT_EQ(survey().untagged, 1U);
    pass(std::chrono::days(8));
    EXPECT_EQ(survey().would.manifests, 0U);
    const CollectionPolicy policy{.grace = std::chrono::hours(1), .untagged_after = std::chrono::days(7)};
    EXPECT_THAT(kinds(survey(policy)), ElementsAre("manifest"));
    EXPECT_EQ(survey(policy).findings.front().name, digest.to_string());
    EXPECT_EQ(survey(policy).untagged, 0U);
}

TEST_F(Surveying, WhatTheServerSaysIsKept) {
    const auto load = [&] { return read([](Session& session) { return load_policy(session); }); };
    EXPECT_FALSE(load());
    write([](Session& session) {
        return save_policy(session,
                           {.grace = std::chrono::hours(5), .unlisted_blobs = false, .untagged_after = std::chrono::days(3)});
    });
    EXPECT_EQ(load()->grace, std::chrono::hours(5));
    EXPECT_FALSE(load()->unlisted_blobs);
    EXPECT_EQ(load()->untagged_after, std::chrono::days(3));
    EXPECT_FALSE(read([](Session& session) { return load_asked_run(session); }));
    write([&](Session& session) {
        return save_asked_run(session,
                              {.ended_at = now(), .swept = {.links = 1, .blobs = 2, .manifests = 3}, .failure = "full"});
    });
    const auto run = read([](Session& session) { return load_asked_run(session); });
    EXPECT_EQ(run->ended_at, now());
    EXPECT_EQ(run->swept.links + run->swept.blobs * 10 + run->swept.manifests * 100, 321U);
    EXPECT_EQ(run->failure, "full");
    write([](Session& session) { return save_policy(session, {}); });
    EXPECT_FALSE(load()->untagged_after);
}

} // namespace
} // namespace berth::data_plane
