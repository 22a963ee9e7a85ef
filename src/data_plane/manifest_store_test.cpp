#include "data_plane/manifest_store.hpp"

#include "data_plane/manifest_deletion.hpp"
#include "data_plane/tag_store.hpp"
#include "data_plane/testing/content_database.hpp"

namespace berth::data_plane {
namespace {

using storage::Session;

class Manifests : public ContentDatabase {
protected:
    Result<DeletedManifests> try_delete(std::string_view repository, const Digest& digest) {
        const auto row = row_of(repository);
        return try_write([&](Session& session) { return delete_manifest(session, row, digest, now()); });
    }
    void lock_tags(std::int64_t attributes) { execute("update tags set attributes = ?1", attributes); }
    void lock_manifests(std::int64_t attributes) { execute("update manifests set attributes = ?1", attributes); }
    void lock_repositories(std::int64_t attributes) { execute("update repositories set attributes = ?1", attributes); }
};

TEST_F(Manifests, ComeBackByTagAndDigest) {
    const Digest digest = push_image("a/b", "v1", "layer");
    for (const std::string& reference : {std::string("v1"), digest.to_string()}) {
        const auto manifest = try_get("a/b", reference);
        ASSERT_TRUE(manifest) << manifest.error().message;
        EXPECT_EQ(manifest->digest, digest);
        EXPECT_EQ(manifest->media_type, image_type);
        EXPECT_EQ(manifest->content, image("config", "layer"));
        EXPECT_EQ(manifest->size, manifest->content.size());
    }
}

TEST_F(Manifests, UnknownOnesSayWhatIsUnknown) {
    push_image("a", "v1", "layer");
    EXPECT_EQ(try_get("nowhere", "v1").error().code, ErrorCode::name_unknown);
    EXPECT_EQ(try_get("a", "v2").error().code, ErrorCode::manifest_unknown);
    EXPECT_EQ(try_get("a", Digest::of(as_bytes("x")).to_string()).error().code, ErrorCode::manifest_unknown);
}

TEST_F(Manifests, NeedTheirBlobsInTheirRepository) {
    push_image("other", "v1", "layer");
    push_blob("a", "config");
    const auto refused = try_push("a", "v1", image("config", "layer"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::manifest_blob_unknown);
    const std::string missing = Digest::of(as_bytes("layer")).to_string();
    EXPECT_NE(refused.error().message.find(missing), std::string::npos);
    EXPECT_EQ(refused.error().detail.as_array().size(), 1U);
    EXPECT_EQ(try_get("a", "v1").error().code, ErrorCode::manifest_unknown) << "nothing was changed";
}

TEST_F(Manifests, ARefusedPushMakesNoRepository) {
    EXPECT_FALSE(try_push("new", "v1", image("config", "layer")));
    EXPECT_EQ(count("select count(*) from repositories"), 0);
}

TEST_F(Manifests, ThePlatformIsReadFromASmallConfig) {
    const auto of_config = [&](std::string_view config) {
        push_blob("a", config);
        push_blob("a", "layer");
        std::string content = image(config, "layer");
        content.replace(content.find("application/vnd.example.config"),
                        std::string_view("application/vnd.example.config").size(), "application/vnd.oci.image.config.v1+json");
        return content;
    };
    const std::string small = of_config(R"({"architecture":"arm64","os":"linux"})");
    ASSERT_TRUE(try_push("a", "small", small, {}, {}, nullptr));
    EXPECT_EQ(count("select count(*) from manifests where architecture = 'arm64' and operating_system = 'linux'"), 1);
    ASSERT_TRUE(try_push("a", "none", of_config("no JSON"), {}, {}, nullptr));
    push_blob("a", "config of another type");
    ASSERT_TRUE(try_push("a", "other", image("config of another type", "layer"), {}, {}, nullptr));
    EXPECT_EQ(count("select count(*) from manifests where architecture is null and operating_system is null"), 2);

    const std::string large = of_config(fmt::format(R"({{"architecture":"arm64","os":"linux","comment":"{:0>16384}"}})", 0));
    const auto refused = try_push("a", "large", large, {}, {}, nullptr);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::manifest_unknown);
    EXPECT_EQ(try_get("a", "large").error().code, ErrorCode::manifest_unknown) << "nothing was changed";
    const ImagePlatform platform{.architecture = "arm64", .operating_system = "linux"};
    EXPECT_TRUE(try_push("a", "large", large, {}, {}, &platform));
    EXPECT_EQ(count("select count(*) from manifests where architecture = 'arm64'"), 2);
    EXPECT_TRUE(try_push("a", "large-again", large, {}, {}, nullptr)) << "of one that is there it is known";
}

TEST_F(Manifests, IndexesMayBeSparseAndSubjectsMissing) {
    const Digest absent = Digest::of(as_bytes("absent"));
    const std::string index = fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{}],"subject":{}}})", index_type,
                                          descriptor(absent, 6, image_type), descriptor(absent, 6, image_type));
    EXPECT_TRUE(try_push("a", "v1", index));
}

TEST_F(Manifests, SizeIsThatOfEverythingListed) {
    const Digest child = push_image("a", "", "layer");
    const std::int64_t child_size =
        static_cast<std::int64_t>(image("config", "layer").size() + std::string("config").size() + std::string("layer").size());
    EXPECT_EQ(count("select image_size from manifests"), child_size);
    const Digest absent = Digest::of(as_bytes("absent"));
    const std::string index = fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{},{}]}})", index_type,
                                          descriptor(child, 1, image_type), descriptor(absent, 1000, image_type));
    ASSERT_TRUE(try_push("a", "index", index));
    EXPECT_EQ(count("select max(image_size) from manifests"), static_cast<std::int64_t>(index.size()) + child_size + 1000);
}

TEST_F(Manifests, TagsMove) {
    const Digest first = push_image("a", "v1", "one");
    const Digest second = push_image("a", "v1", "two");
    EXPECT_EQ(try_get("a", "v1")->digest, second);
    EXPECT_TRUE(try_get("a", first.to_string()));
    EXPECT_EQ(count("select count(*) from tags"), 1);
}

TEST_F(Manifests, SeveralTagsAtOnce) {
    push_image("a", "v1", "layer");
    const std::string content = image("config", "layer");
    const Digest digest = Digest::of(as_bytes(content));
    ASSERT_TRUE(try_push("a", digest.to_string(), content, {}, {*Tag::parse("x"), *Tag::parse("y")}));
    for (const std::string_view tag : {"v1", "x", "y"}) EXPECT_EQ(try_get("a", tag)->digest, digest) << tag;
}

TEST_F(Manifests, PreconditionsAreAboutTheReference) {
    const Digest first = push_image("a", "v1", "one");
    push_blob("a", "two");
    const std::string second = image("config", "two");
    const auto fails = [&](std::string_view reference, const Precondition& precondition) {
        const auto pushed = try_push("a", reference, second, precondition);
        return !pushed && pushed.error().code == ErrorCode::precondition_failed;
    };
    EXPECT_TRUE(fails("v1", {.if_match = "\"x\"", .if_none_match = {}}));
    EXPECT_TRUE(fails("v2", {.if_match = "*", .if_none_match = {}}));
    EXPECT_TRUE(fails("v1", {.if_match = {}, .if_none_match = "*"}));
    EXPECT_TRUE(fails("v1", {.if_match = {}, .if_none_match = entity_tag(first)}));
    EXPECT_EQ(try_get("a", "v1")->digest, first);
    EXPECT_TRUE(try_push("a", "v2", second, {.if_match = {}, .if_none_match = "*"}));
    EXPECT_TRUE(try_push("a", "v1", second, {.if_match = entity_tag(first), .if_none_match = {}}));
    const std::string digest = Digest::of(as_bytes(second)).to_string();
    EXPECT_TRUE(fails(digest, {.if_match = {}, .if_none_match = "*"})) << "pushed by digest, that digest counts";
}

TEST_F(Manifests, LocksHold) {
    const Digest digest = push_image("a", "v1", "one");
    push_blob("a", "two");
    const std::string other = image("config", "two");
    const auto disallowed = [](const auto& result) {
        return !result && result.error().code == ErrorCode::operation_disallowed;
    };
    const auto row = row_of("a");
    const auto untag = [&] {
        return try_write([&](Session& session) { return delete_tag(session, row, *Tag::parse("v1"), now()); });
    };

    lock_tags(13); // not writable
    EXPECT_TRUE(disallowed(try_push("a", "v1", other)));
    EXPECT_TRUE(disallowed(untag()));
    EXPECT_TRUE(try_push("a", "v1", image("config", "one"))) << "the tag stays where it is";
    EXPECT_TRUE(try_push("a", "v2", image("config", "one")));
    lock_tags(14); // not deletable
    EXPECT_TRUE(disallowed(untag()));
    EXPECT_TRUE(try_push("a", "v2", other));
    lock_tags(11); // not readable
    EXPECT_TRUE(disallowed(try_get("a", "v1")));
    EXPECT_TRUE(try_get("a", digest.to_string()));
    lock_tags(15);

    for (const std::int64_t attributes : {13, 14}) {
        lock_manifests(attributes);
        EXPECT_TRUE(disallowed(try_delete("a", digest)));
    }
    lock_manifests(11);
    EXPECT_TRUE(disallowed(try_get("a", "v1")));
    EXPECT_TRUE(disallowed(try_get("a", digest.to_string())));
    lock_manifests(15);

    lock_repositories(13);
    EXPECT_TRUE(disallowed(try_push("a", "v3", other)));
    lock_repositories(11);
    EXPECT_TRUE(disallowed(try_get("a", "v1")));
    lock_repositories(14);
    EXPECT_TRUE(try_push("a", "v3", other));
    EXPECT_TRUE(try_delete("a", digest)) << "a repository's deleteEnabled is about the repository itself";
}

TEST_F(Manifests, DeletedWithTagsAndReferrers) {
    const Digest image_digest = push_image("a", "v1", "one");
    const auto referring_to = [&](const Digest& subject, std::string_view layer, std::string_view tag) {
        return push_image("a", tag, layer, ",\"subject\":" + descriptor(subject, 5, image_type));
    };
    const Digest signature = referring_to(image_digest, "two", "");
    const Digest countersignature = referring_to(signature, "three", "counter");
    const Digest unrelated = push_image("a", "other", "four");

    const auto deleted = try_delete("a", image_digest);
    ASSERT_TRUE(deleted) << deleted.error().message;
    EXPECT_EQ(deleted->manifests, (std::vector<Digest>{image_digest, signature, countersignature}));
    EXPECT_EQ(deleted->tags, (std::vector<std::string>{"v1", "counter"}));
    for (const Digest& gone : {image_digest, signature, countersignature}) EXPECT_FALSE(try_get("a", gone.to_string()));
    EXPECT_FALSE(try_get("a", "v1"));
    EXPECT_TRUE(try_get("a", unrelated.to_string()));
    EXPECT_EQ(count("select count(*) from manifest_references"), 2) << "those of the one that is left";
    EXPECT_EQ(count("select count(*) from garbage_candidates"), 4) << "the config and three layers";
    EXPECT_EQ(try_delete("a", image_digest).error().code, ErrorCode::manifest_unknown);
}

TEST_F(Manifests, LockedReferrersStay) {
    const Digest image_digest = push_image("a", "", "one");
    const Digest signature = push_image("a", "", "two", ",\"subject\":" + descriptor(image_digest, 5, image_type));
    execute("update manifests set attributes = 14 where subject is not null");
    EXPECT_TRUE(try_delete("a", image_digest));
    EXPECT_TRUE(try_get("a", signature.to_string()));
}

TEST_F(Manifests, LockedTagsKeepWhatTheyName) {
    const Digest image_digest = push_image("a", "v1", "one");
    const Digest signature = push_image("a", "sig", "two", ",\"subject\":" + descriptor(image_digest, 5, image_type));
    for (const std::string_view lock :
         {"update tags set attributes = 14 where name = 'v1'", "update tags set attributes = 13 where name = 'v1'",
          "update tags set attributes = 14 where name = 'sig'", "update tags set attributes = 13 where name = 'sig'"}) {
        lock_tags(15);
        execute(lock);
        const auto refused = try_delete("a", image_digest);
        ASSERT_FALSE(refused) << lock;
        EXPECT_EQ(refused.error().code, ErrorCode::operation_disallowed);
        EXPECT_NE(refused.error().message.find(lock.ends_with("'v1'") ? "'v1'" : "'sig'"), std::string::npos);
    }
    EXPECT_TRUE(try_get("a", "v1"));
    EXPECT_TRUE(try_get("a", "sig"));
    // A locked referrer stays anyway, whatever its tags.
    execute("update manifests set attributes = 14 where subject is not null");
    EXPECT_TRUE(try_delete("a", image_digest));
    EXPECT_EQ(try_get("a", "sig")->digest, signature);
}

TEST_F(Manifests, TagListIsAPageInByteOrder) {
    push_image("a", "v1", "one");
    for (const std::string_view tag : {"b", "B", "10", "9", "_x", "a.a", "a-a"}) {
        ASSERT_TRUE(try_push("a", tag, image("config", "one")));
    }
    const auto row = row_of("a");
    const auto list = [&](std::string_view after, std::uint64_t limit) {
        return read([&](Session& session) { return list_tags(session, row, after, limit); });
    };
    EXPECT_EQ(list("", 100), (std::vector<std::string>{"10", "9", "B", "_x", "a-a", "a.a", "b", "v1"}));
    EXPECT_EQ(list("9", 3), (std::vector<std::string>{"B", "_x", "a-a"}));
    EXPECT_EQ(list("C", 1), (std::vector<std::string>{"_x"}));
    EXPECT_TRUE(list("v1", 5).empty());
    execute("update tags set attributes = 7 where name = 'B'");
    EXPECT_EQ(list("9", 1), (std::vector<std::string>{"_x"})) << "hidden tags are left out, not the page shortened";
}

TEST_F(Manifests, AttributesAreSet) {
    const Digest digest = push_image("a", "v1", "one");
    const auto row = row_of("a");
    const Tag tag = *Tag::parse("v1");
    write([&](Session& session) { return set_tag_attributes(session, row, tag, {13}, now()); });
    write([&](Session& session) { return set_manifest_attributes(session, row, digest, {14}, now()); });
    write([&](Session& session) { return set_repository_attributes(session, registry, "a", {7}, now()); });
    EXPECT_EQ(count("select attributes from tags"), 13);
    EXPECT_EQ(count("select attributes from manifests"), 14);
    const auto details = read([&](Session& session) { return read_repository_details(session, registry, "a"); });
    EXPECT_EQ(details.repository.attributes.bits, 7);
    EXPECT_EQ(details.manifest_count, 1U);
    EXPECT_EQ(details.tag_count, 1U);
    EXPECT_TRUE(read([&](Session& session) { return list_repositories(session, registry, {}, "", 10); }).empty()) << "hidden";
    const auto absent = [&](auto set) { return !try_write(set); };
    EXPECT_TRUE(absent([&](Session& session) { return set_tag_attributes(session, row, *Tag::parse("x"), {1}, now()); }));
    EXPECT_TRUE(absent([&](Session& session) { return set_manifest_attributes(session, row, Digest::of({}), {1}, now()); }));
    EXPECT_TRUE(absent([&](Session& session) { return set_repository_attributes(session, registry, "x", {1}, now()); }));
}

} // namespace
} // namespace berth::data_plane
