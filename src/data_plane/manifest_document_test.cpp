#include "data_plane/manifest_document.hpp"

#include "base/encoding.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace berth::data_plane {
namespace {

constexpr std::string_view oci_image = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view oci_index = "application/vnd.oci.image.index.v1+json";
constexpr std::string_view docker_image = "application/vnd.docker.distribution.manifest.v2+json";
constexpr std::string_view docker_list = "application/vnd.docker.distribution.manifest.list.v2+json";
constexpr std::string_view oci_artifact = "application/vnd.oci.artifact.manifest.v1+json";
constexpr std::string_view oras_artifact = "application/vnd.cncf.oras.artifact.manifest.v1+json";

std::string digest_text(char digit, std::string_view algorithm = "sha256") {
    return fmt::format("{}:{}", algorithm, std::string(algorithm == "sha256" ? 64 : 128, digit));
}

std::string descriptor(char digit, std::string_view media_type = "application/vnd.example", std::string_view more = {}) {
    return fmt::format(R"({{"mediaType":"{}","digest":"{}","size":10{}}})", media_type, digest_text(digit), more);
}

// `@c` is a config, `@l` a layer, `@m` an image manifest as descriptors, so that tables stay readable.
std::string expand(std::string text) {
    const auto replace = [&](std::string_view mark, const std::string& by) {
        for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += by.size()) {
            text.replace(at, mark.size(), by);
        }
    };
    replace("@c", descriptor('a', "application/vnd.oci.image.config.v1+json"));
    replace("@l", descriptor('b', "application/vnd.oci.image.layer.v1.tar+gzip"));
    replace("@m", descriptor('d', oci_image));
    replace("@d", digest_text('e'));
    return text;
}

TEST(ManifestDocument, ImageIsRead) {
    const auto document = parse_manifest(oci_image, expand(R"({"schemaVersion":2,"mediaType":")" + std::string(oci_image) +
                                                           R"(","config":@c,"layers":[@l,@l],"subject":@m,)"
                                                           R"("annotations":{"k":"v"},"x":[1]})"));
    ASSERT_TRUE(document) << document.error().message;
    EXPECT_EQ(document->shape, ManifestShape::image);
    EXPECT_EQ(document->media_type, oci_image);
    EXPECT_EQ(document->artifact_type, "application/vnd.oci.image.config.v1+json");
    EXPECT_EQ(document->config_media_type, "application/vnd.oci.image.config.v1+json");
    EXPECT_EQ(document->config->to_string(), digest_text('a'));
    EXPECT_EQ(document->subject->to_string(), digest_text('d'));
    EXPECT_EQ(document->annotations, R"({"k":"v"})");
    ASSERT_EQ(document->references.size(), 2U) << "each digest once, the subject is none";
    EXPECT_EQ(document->references[0].digest.to_string(), digest_text('a'));
    EXPECT_EQ(document->references[1].digest.to_string(), digest_text('b'));
    EXPECT_EQ(document->references[1].size, 10U);
    EXPECT_FALSE(document->references[1].is_manifest);
    EXPECT_FALSE(document->references[1].may_be_missing);
}

TEST(ManifestDocument, IndexIsRead) {
    const auto document = parse_manifest(
        oci_index, expand(R"({"schemaVersion":2,"manifests":[@m,@l],"artifactType":"application/vnd.example.set"})"));
    ASSERT_TRUE(document) << document.error().message;
    EXPECT_EQ(document->shape, ManifestShape::index);
    EXPECT_EQ(document->artifact_type, "application/vnd.example.set");
    EXPECT_FALSE(document->config_media_type);
    EXPECT_FALSE(document->annotations);
    ASSERT_EQ(document->references.size(), 2U);
    EXPECT_TRUE(document->references[0].is_manifest);
    EXPECT_TRUE(document->references[0].may_be_missing);
    EXPECT_FALSE(document->references[1].is_manifest) << "build caches list layers in an index";
}

TEST(ManifestDocument, ArtifactTypeIsTheConfigsOnlyForImages) {
    const auto of = [](std::string_view type, const std::string& text) {
        const auto document = parse_manifest(type, expand(text));
        EXPECT_TRUE(document) << text;
        return document ? document->artifact_type.value_or("none") : "";
    };
    EXPECT_EQ(of(oci_image, R"({"schemaVersion":2,"config":@c,"layers":[]})"), "application/vnd.oci.image.config.v1+json");
    EXPECT_EQ(of(oci_image, R"({"schemaVersion":2,"config":@c,"layers":[],"artifactType":""})"),
              "application/vnd.oci.image.config.v1+json");
    EXPECT_EQ(of(oci_image, R"({"schemaVersion":2,"config":@c,"layers":[],"artifactType":"a/b"})"), "a/b");
    EXPECT_EQ(of(oci_index, R"({"schemaVersion":2,"manifests":[]})"), "none");
    EXPECT_EQ(of(oci_index, R"({"schemaVersion":2,"manifests":[],"artifactType":""})"), "none");
}

TEST(ManifestDocument, LayersThatLiveElsewhereMayBeMissing) {
    struct Case {
        std::string layer;
        bool may_be_missing;
    };
    for (const auto& [layer, may_be_missing] : {
             Case{descriptor('b', "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"), true},
             Case{descriptor('b', "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"), true},
             Case{descriptor('b', "application/vnd.example", R"(,"urls":["https://example.com/x"])"), true},
             Case{descriptor('b', "application/vnd.example", R"(,"urls":[])"), false},
             Case{descriptor('b', "application/vnd.oci.image.layer.v1.tar"), false},
         }) {
        const auto document = parse_manifest(oci_image, expand(R"({"schemaVersion":2,"config":@c,"layers":[)") + layer + "]}");
        ASSERT_TRUE(document) << layer;
        EXPECT_EQ(document->references.back().may_be_missing, may_be_missing) << layer;
        EXPECT_EQ(document->references.back().lives_elsewhere, may_be_missing) << layer;
        // An index may be pushed before what it lists, layers too.
        const auto cache = parse_manifest(oci_index, expand(R"({"schemaVersion":2,"manifests":[)") + layer + "]}");
        ASSERT_TRUE(cache) << layer;
        EXPECT_TRUE(cache->references.back().may_be_missing) << layer;
        EXPECT_EQ(cache->references.back().lives_elsewhere, may_be_missing) << layer;
    }
}

TEST(ManifestDocument, Accepted) {
    struct Case {
        std::optional<std::string_view> type;
        std::string text;
    };
    const std::string as_docker = R"({"schemaVersion":2,"mediaType":")" + std::string(docker_image) + R"(",)";
    const std::string as_list = R"({"schemaVersion":2,"mediaType":")" + std::string(docker_list) + R"(",)";
    for (const auto& [type, text] : {
             Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[]})"},
             Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":null})"},
             Case{oci_image, " \r\n{\"schemaVersion\":2,\"config\":@c,\"layers\":[@l]}\n\t "},
             Case{"application/vnd.oci.image.manifest.v1+json; charset=utf-8",
                  R"({"schemaVersion":2,"config":@c,"layers":[]})"},
             Case{"application/vnd.oci.image.manifest.v1+json ;x=y", R"({"schemaVersion":2,"config":@c,"layers":[]})"},
             Case{"Application/vnd.OCI.image.manifest.v1+json", R"({"schemaVersion":2,"config":@c,"layers":[]})"},
             Case{docker_image, as_docker + R"("config":@c,"layers":[@l]})"},
             Case{docker_list, as_list + R"("manifests":[@m]})"},
             Case{std::nullopt, as_docker + R"("config":@c,"layers":[@l]})"},
             Case{oci_index, R"({"schemaVersion":2,"manifests":[]})"},
             Case{oci_index, R"({"schemaVersion":2,"manifests":null})"},
             Case{oci_artifact, R"({"mediaType":"application/vnd.oci.artifact.manifest.v1+json","artifactType":"a/b"})"},
             Case{oci_artifact, R"({"artifactType":"a/b","blobs":[@l],"subject":@m})"},
             Case{oras_artifact, R"({"artifactType":"a/b","blobs":[@l]})"},
             // Members that nobody knows, and annotations, are nobody's business.
             Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[],"org.example":{"Layers":1,"layers":2}})"},
             Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[],"annotations":{"layers":"","Layers":""}})"},
             Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[],"annotations":null,"subject":null})"},
             Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[{"mediaType":"a/b","digest":"@d","size":0}]})"},
             Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[{"mediaType":"a/b; v=1","digest":"@d","size":5}]})"},
         }) {
        const auto document = parse_manifest(type, expand(text));
        EXPECT_TRUE(document) << text << "\n" << document.error().message;
    }
}

TEST(ManifestDocument, Refused) {
    struct Case {
        std::optional<std::string_view> type;
        std::string text;
    };
    for (
        const auto& [type, text] : {
            // No JSON, or no object
            Case{oci_image, ""},
            Case{oci_image, "null"},
            Case{oci_image, "[]"},
            Case{oci_image, "{"},
            Case{oci_image, "{}"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[]}{})"},
            Case{oci_image, std::string("{\"schemaVersion\":2,\"config\":@c,\"layers\":[]}") + '\0'},
            Case{oci_image, "\xef\xbb\xbf{\"schemaVersion\":2,\"config\":@c,\"layers\":[]}"},
            Case{oci_image, "{\"schemaVersion\":2,\"config\":@c,\"layers\":[],\"x\":\"\xc3\x28\"}"},
            // Types
            Case{std::nullopt, R"({"schemaVersion":2,"config":@c,"layers":[]})"},
            Case{"", R"({"schemaVersion":2,"config":@c,"layers":[]})"},
            Case{"text/plain", R"({"schemaVersion":2,"config":@c,"layers":[]})"},
            Case{"application/vnd.oci.image.manifest.v1+json, text/plain", R"({"schemaVersion":2,"config":@c,"layers":[]})"},
            Case{"application/vnd.docker.distribution.manifest.v1+prettyjws", R"({"schemaVersion":1,"fsLayers":[]})"},
            Case{oci_image,
                 R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","config":@c,"layers":[]})"},
            Case{oci_image, R"({"schemaVersion":2,"mediaType":5,"config":@c,"layers":[]})"},
            Case{oci_image, R"({"schemaVersion":2,"mediaType":"","config":@c,"layers":[]})"},
            Case{docker_image, R"({"schemaVersion":2,"config":@c,"layers":[]})"},
            Case{docker_list, R"({"schemaVersion":2,"manifests":[]})"},
            Case{oci_image, R"({"schemaVersion":1,"config":@c,"layers":[]})"},
            Case{oci_image, R"({"schemaVersion":"2","config":@c,"layers":[]})"},
            Case{oci_image, R"({"schemaVersion":2.0,"config":@c,"layers":[]})"},
            Case{oci_image, R"({"config":@c,"layers":[]})"},
            // One manifest that is two
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[],"manifests":[]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[],"manifests":null})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[],"Manifests":[]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[],"blobs":[]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[],"fsLayers":[]})"},
            Case{oci_index, R"({"schemaVersion":2,"manifests":[],"layers":[]})"},
            Case{oci_index, R"({"schemaVersion":2,"manifests":[],"config":@c})"},
            Case{oci_index, R"({"schemaVersion":2,"config":@c,"layers":[]})"},
            Case{oci_image, R"({"schemaVersion":2,"manifests":[]})"},
            Case{oci_artifact, R"({"artifactType":"a/b","blobs":[],"layers":[]})"},
            Case{oci_artifact, R"({"blobs":[]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[],"layers":[]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[],"l\u0061yers":[]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[],"Layers":[]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[],"mediatype":"x"})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[],"x":{"y":1,"\u0079":1}})"},
            // Fields of another kind
            Case{oci_image, R"({"schemaVersion":2,"layers":[]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":null,"layers":[]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":[],"layers":[]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":{},"layers":[]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":{}})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[5]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[null]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[],"subject":{}})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[],"subject":"x"})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[],"annotations":[]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[],"annotations":{"k":5}})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[],"annotations":{"k":null}})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[],"artifactType":{}})"},
            // Descriptors
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[{"digest":"@d","size":0}]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[{"mediaType":"","digest":"@d","size":0}]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[{"mediaType":"a","digest":"@d","size":0}]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[{"mediaType":"a/","digest":"@d","size":0}]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[{"mediaType":"a/b/c","digest":"@d","size":0}]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[{"mediaType":5,"digest":"@d","size":0}]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[{"mediaType":"a/b","size":0}]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[{"mediaType":"a/b","digest":"sha256:x","size":0}]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[{"mediaType":"a/b","digest":5,"size":0}]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[{"mediaType":"a/b","digest":"@d"}]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[{"mediaType":"a/b","digest":"@d","size":-1}]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[{"mediaType":"a/b","digest":"@d","size":1.5}]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[{"mediaType":"a/b","digest":"@d","size":"1"}]})"},
            Case{oci_image, R"({"schemaVersion":2,"config":@c,"layers":[{"mediaType":"a/b","digest":"@d","size":1e30}]})"},
            Case{oci_image,
                 R"({"schemaVersion":2,"config":@c,"layers":[{"mediaType":"a/b","digest":"@d","size":18446744073709551616}]})"},
            Case{oci_image,
                 R"({"schemaVersion":2,"config":@c,"layers":[{"mediaType":"a/b","digest":"@d","Digest":"@d","size":1}]})"},
            Case{oci_image,
                 R"({"schemaVersion":2,"config":@c,"layers":[{"mediaType":"a/b","digest":"@d","size":1,"urls":"x"}]})"},
            Case{oci_image,
                 R"({"schemaVersion":2,"config":@c,"layers":[{"mediaType":"a/b","digest":"@d","size":1,"urls":[5]}]})"},
            Case{oci_image,
                 R"({"schemaVersion":2,"config":@c,"layers":[{"mediaType":"a/b","digest":"@d","size":1,"data":5}]})"},
            Case{oci_image,
                 R"({"schemaVersion":2,"config":@c,"layers":[{"mediaType":"a/b","digest":"@d","size":1,"data":"AA=="}]})"},
            Case{
                oci_image,
                R"({"schemaVersion":2,"config":@c,"layers":[{"mediaType":"a/b","digest":"@d","size":1,"annotations":{"k":1}}]})"},
        }) {
        const auto document = parse_manifest(type, expand(text));
        ASSERT_FALSE(document) << text;
        EXPECT_EQ(document.error().code, ErrorCode::manifest_invalid) << text;
        EXPECT_GT(document.error().message.size(), 40U) << "says what is wrong: " << text;
    }
}

TEST(ManifestDocument, EmbeddedDataIsTheContent) {
    const std::string_view content = "hello";
    const auto with = [&](std::string_view data, std::size_t size) {
        return parse_manifest(
            oci_image,
            expand(fmt::format(
                R"({{"schemaVersion":2,"config":@c,"layers":[{{"mediaType":"a/b","digest":"{}","size":{},"data":"{}"}}]}})",
                Digest::of(as_bytes(content)).to_string(), size, data)));
    };
    EXPECT_TRUE(with(to_base64(as_bytes(content)), 5));
    EXPECT_FALSE(with(to_base64(as_bytes(content)), 6));
    EXPECT_FALSE(with(to_base64(as_bytes("hullo")), 5));
    EXPECT_FALSE(with("!!!", 5));
}

TEST(ManifestDocument, Sha512IsTaken) {
    const auto document =
        parse_manifest(oci_image, expand(R"({"schemaVersion":2,"config":@c,"layers":[{"mediaType":"a/b","size":1,"digest":")" +
                                         digest_text('c', "sha512") + R"("}]})"));
    ASSERT_TRUE(document);
    EXPECT_EQ(document->references[1].digest.algorithm(), DigestAlgorithm::sha512);
}

TEST(ManifestDocument, Limits) {
    const auto padded = [](std::size_t size) {
        std::string text = expand(R"({"schemaVersion":2,"config":@c,"layers":[],"x":")");
        text.append(size - text.size() - 2, 'x');
        return text + "\"}";
    };
    EXPECT_TRUE(parse_manifest(oci_image, padded(most_manifest_bytes)));
    const auto large = parse_manifest(oci_image, padded(most_manifest_bytes + 1));
    ASSERT_FALSE(large);
    EXPECT_EQ(large.error().code, ErrorCode::payload_too_large);

    const auto nested = [](std::size_t depth) {
        return expand(R"({"schemaVersion":2,"config":@c,"layers":[],"x":)") + std::string(depth, '[') +
               std::string(depth, ']') + "}";
    };
    EXPECT_TRUE(parse_manifest(oci_image, nested(most_manifest_depth - 1)));
    EXPECT_FALSE(parse_manifest(oci_image, nested(most_manifest_depth)));
    EXPECT_FALSE(parse_manifest(oci_image, nested(100'000)));

    const auto listing = [](std::size_t count) {
        std::string text = R"({"schemaVersion":2,"manifests":[)";
        for (std::size_t i = 0; i < count; ++i) text += (i > 0 ? "," : "") + descriptor('a', oci_image);
        return text + "]}";
    };
    EXPECT_TRUE(parse_manifest(oci_index, listing(most_manifest_references)));
    EXPECT_FALSE(parse_manifest(oci_index, listing(most_manifest_references + 1)));
}

TEST(ImagePlatform, IsReadWhereItIs) {
    const auto platform = parse_image_platform(R"({"architecture":"arm64","os":"linux","rootfs":{}})");
    EXPECT_EQ(platform.architecture, "arm64");
    EXPECT_EQ(platform.operating_system, "linux");
    for (const std::string_view text :
         {"", "{}", "[]", "null", R"({"architecture":5,"os":[]})", R"({"architecture":"","os":""})", "{\"architecture\":"}) {
        const auto none = parse_image_platform(text);
        EXPECT_FALSE(none.architecture || none.operating_system) << text;
    }
}

} // namespace
} // namespace berth::data_plane
