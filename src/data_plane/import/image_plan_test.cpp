#include "data_plane/import/image_plan.hpp"

#include "data_plane/testing/content_database.hpp"

#include <map>

namespace berth::data_plane {
namespace {

// A source that says what it was told to say.
class TableSource final : public ImageSource {
public:
    Result<SourceManifest> manifest(const Reference& reference) override {
        ++reads;
        const auto* tag = std::get_if<Tag>(&reference);
        const auto found = manifests.find(tag != nullptr ? tag->value() : std::get<Digest>(reference).to_string());
        if (found == manifests.end()) return manifest_unknown(reference);
        return SourceManifest{.content = found->second, .media_type = std::nullopt, .digest = claimed};
    }
    Result<std::vector<Digest>> referrers(const Digest& subject) override { return subjects[subject.to_string()]; }

    std::string add(const std::string& content) {
        const std::string digest = Digest::of(as_bytes(content)).to_string();
        manifests[digest] = content;
        return digest;
    }

    std::map<std::string, std::string> manifests;
    std::map<std::string, std::vector<Digest>> subjects;
    std::optional<Digest> claimed;
    int reads = 0;
};

class ImagePlanTest : public ContentDatabase {
protected:
    Result<ImagePlan> plan(std::string_view reference, bool referrers = false, const PlanLimits& limits = {}) {
        return plan_image(source, *parse_reference(reference), referrers, [](std::size_t) { return true; }, limits);
    }
    std::string index_of(const std::vector<std::string>& children) {
        std::string list;
        for (const std::string& child : children) {
            const auto digest = Digest::of(as_bytes(child));
            const bool is_index = child.contains("\"manifests\"");
            list += (list.empty() ? "" : ",") + descriptor(digest, child.size(), is_index ? index_type : image_type);
        }
        return fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{}]}})", index_type, list);
    }
    TableSource source;
};

TEST_F(ImagePlanTest, ChildrenComeBeforeWhatListsThem) {
    const std::string one = image("config", "layer"), two = image("config", "other layer");
    const std::string inner = index_of({one}), outer = index_of({inner, two, one});
    for (const std::string& content : {one, two, inner}) source.add(content);
    source.manifests["v1"] = outer;
    const auto got = plan("v1");
    ASSERT_TRUE(got) << got.error().message;
    ASSERT_EQ(got->manifests.size(), 4U);
    EXPECT_EQ(got->manifests[0].content, one);
    EXPECT_EQ(got->manifests[1].content, inner);
    EXPECT_EQ(got->manifests[2].content, two);
    EXPECT_EQ(got->manifests[3].digest, got->root);
    EXPECT_EQ(got->blobs.size(), 3U);
    EXPECT_EQ(got->bytes, 6U + 5U + 11U);
    EXPECT_EQ(source.reads, 4); // each once
}

TEST_F(ImagePlanTest, BytesAreCheckedAgainstWhatLedToThem) {
    const std::string one = image("config", "layer"), two = image("config", "other");
    const auto digest = source.add(one);
    source.manifests[digest] = two;
    EXPECT_EQ(plan(digest).error().code, ErrorCode::digest_invalid);
    // What a header claims is held against the bytes, too.
    source.manifests["v1"] = one;
    source.claimed = Digest::of(as_bytes("something else"));
    EXPECT_EQ(plan("v1").error().code, ErrorCode::digest_invalid);
    source.claimed = Digest::of(as_bytes(one), DigestAlgorithm::sha512);
    EXPECT_EQ(plan("v1")->root, *source.claimed);
}

TEST_F(ImagePlanTest, SizesMustAgree) {
    const std::string one = image("config", "layer");
    source.add(one);
    std::string index = index_of({one});
    const std::string size = fmt::format("\"size\":{}", one.size());
    index.replace(index.find(size), size.size(), "\"size\":1");
    source.manifests["v1"] = index;
    EXPECT_EQ(plan("v1").error().code, ErrorCode::size_invalid);

    // Two images of one index that name one blob with two sizes.
    std::string other = image("config", "layer", R"(,"annotations":{"a":"b"})");
    other.replace(other.rfind("\"size\":5"), 8, "\"size\":6");
    source.add(other);
    source.manifests["v2"] = index_of({one, other});
    EXPECT_EQ(plan("v2").error().code, ErrorCode::size_invalid);
}

TEST_F(ImagePlanTest, ReferrersOnRequest) {
    const std::string one = image("config", "layer"), sbom = image("config", "sbom"), signature = image("config", "signature");
    const auto digest = source.add(one), of_sbom = source.add(sbom), of_signature = source.add(signature);
    source.subjects[digest] = {*Digest::parse(of_sbom)};
    source.subjects[of_sbom] = {*Digest::parse(of_signature)};
    source.subjects[of_signature] = {*Digest::parse(of_sbom)}; // a circle that only a liar can claim
    EXPECT_EQ(plan(digest)->manifests.size(), 1U);
    const auto got = plan(digest, true);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->manifests.size(), 3U);
    EXPECT_EQ(got->root.to_string(), digest);
}

TEST_F(ImagePlanTest, LimitsAreErrors) {
    std::string nested = image("config", "layer");
    source.add(nested);
    for (int depth = 0; depth < 4; ++depth) {
        nested = index_of({nested});
        source.add(nested);
    }
    const std::string digest = Digest::of(as_bytes(nested)).to_string();
    EXPECT_TRUE(plan(digest, false, {.depth = 4}));
    EXPECT_EQ(plan(digest, false, {.depth = 3}).error().code, ErrorCode::limit_exceeded);
    EXPECT_EQ(plan(digest, false, {.manifests = 4}).error().code, ErrorCode::limit_exceeded);
    EXPECT_EQ(plan(digest, false, {.manifest_bytes = 300}).error().code, ErrorCode::limit_exceeded);
    EXPECT_EQ(plan(digest, false, {.blobs = 1}).error().code, ErrorCode::limit_exceeded);
}

TEST_F(ImagePlanTest, WhatIsMissingOrNoManifestFails) {
    source.manifests["v1"] = index_of({image("config", "layer")});
    EXPECT_EQ(plan("v1").error().code, ErrorCode::manifest_unknown);
    source.manifests["v2"] = "<html>";
    EXPECT_EQ(plan("v2").error().code, ErrorCode::manifest_invalid);
    EXPECT_EQ(plan("v3").error().code, ErrorCode::manifest_unknown);
}

} // namespace
} // namespace berth::data_plane
