#include "data_plane/referrer_store.hpp"

#include "data_plane/testing/content_database.hpp"

#include <set>

namespace berth::data_plane {
namespace {

using storage::Session;

class Referrers : public ContentDatabase {
protected:
    std::string push(std::string_view layer, std::string_view more = {}) {
        return push_image("a", "", layer, fmt::format(",\"subject\":{}{}", descriptor(subject_, 7, image_type), more))
            .to_string();
    }
    ReferrerPage list(std::optional<std::string_view> type = {}, const std::optional<Digest>& after = {},
                      std::uint64_t limit = 100, std::uint64_t bytes = 1'000'000) {
        const auto row = row_of("a");
        return read([&](Session& session) { return list_referrers(session, row, subject_, type, after, limit, bytes); });
    }
    static boost::json::array parsed(const ReferrerPage& page) { return boost::json::parse(page.manifests).as_array(); }

    Digest subject_ = Digest::of(as_bytes("subject"));
};

TEST_F(Referrers, NoneIsAnEmptyList) {
    push_blob("a", "x");
    const auto page = list();
    EXPECT_EQ(page.manifests, "[]");
    EXPECT_FALSE(page.next_after);
}

TEST_F(Referrers, DescriptorsSayWhatTheManifestsAre) {
    const std::string digest = push("one", R"(,"artifactType":"a/\"b\"","annotations":{"k":"v\n\"w\" ž"})");
    const auto found = parsed(list());
    ASSERT_EQ(found.size(), 1U);
    const auto& one = found[0].as_object();
    EXPECT_EQ(std::string_view(one.at("mediaType").as_string()), image_type);
    EXPECT_EQ(std::string_view(one.at("digest").as_string()), digest);
    EXPECT_EQ(one.at("size").as_int64(), static_cast<std::int64_t>(try_get("a", digest)->size));
    EXPECT_EQ(std::string_view(one.at("artifactType").as_string()), "a/\"b\"");
    EXPECT_EQ(std::string_view(one.at("annotations").at("k").as_string()), "v\n\"w\" ž");
}

TEST_F(Referrers, AreFilteredByArtifactType) {
    const std::string sbom = push("one", R"(,"artifactType":"a/sbom")");
    push("two", R"(,"artifactType":"a/signature")");
    const std::string untyped = push("three");
    EXPECT_EQ(parsed(list()).size(), 3U);
    const auto of_type = parsed(list("a/sbom"));
    ASSERT_EQ(of_type.size(), 1U);
    EXPECT_EQ(std::string_view(of_type[0].at("digest").as_string()), sbom);
    const auto by_config = parsed(list("application/vnd.example.config"));
    ASSERT_EQ(by_config.size(), 1U) << "an image's config stands in";
    EXPECT_EQ(std::string_view(by_config[0].at("digest").as_string()), untyped);
    EXPECT_TRUE(parsed(list("a/none")).empty());
}

TEST_F(Referrers, PagesHoldEachOnce) {
    std::set<std::string> pushed;
    for (int i = 0; i < 7; ++i) pushed.insert(push("layer" + std::to_string(i)));
    for (const std::uint64_t limit : {1U, 2U, 3U, 7U, 8U}) {
        std::set<std::string> seen;
        std::optional<Digest> after;
        std::size_t pages = 0;
        do {
            const auto page = list({}, after, limit);
            const auto items = parsed(page);
            EXPECT_LE(items.size(), limit);
            EXPECT_GE(items.size(), 1U);
            for (const auto& item : items) EXPECT_TRUE(seen.insert(std::string(item.at("digest").as_string())).second);
            after = page.next_after;
            ++pages;
        } while (after && pages < 20);
        EXPECT_EQ(seen, pushed) << limit;
        EXPECT_EQ(pages, (7 + limit - 1) / limit) << limit;
    }
}

TEST_F(Referrers, PagesHaveALimitOfBytes) {
    for (int i = 0; i < 3; ++i) {
        push("layer" + std::to_string(i), R"(,"annotations":{"padding":")" + std::string(10'000, 'x') + "\"}");
    }
    const auto page = list({}, {}, 100, 25'000);
    EXPECT_EQ(parsed(page).size(), 2U);
    ASSERT_TRUE(page.next_after);
    EXPECT_EQ(parsed(list({}, page.next_after, 100, 25'000)).size(), 1U);
    EXPECT_EQ(parsed(list({}, {}, 100, 10)).size(), 1U) << "one that is larger than a page is a page";
}

TEST_F(Referrers, HiddenOnesAreLeftOut) {
    push("one");
    execute("update manifests set attributes = 7");
    EXPECT_TRUE(parsed(list()).empty());
}

TEST_F(Referrers, EmptyPage) {
    push("one");
    const auto page = list({}, {}, 0);
    EXPECT_EQ(page.manifests, "[]");
    EXPECT_FALSE(page.next_after);
}

} // namespace
} // namespace berth::data_plane
