#include "data_plane/upload_session.hpp"

#include "data_plane/ended_uploads.hpp"

#include <gtest/gtest.h>

namespace berth::data_plane {
namespace {

class UploadSessions : public testing::Test {
protected:
    UploadOwner owner() const { return {.registry = registry_, .repository = repository_, .actor = "someone"}; }
    std::string sealed() const { return seal_upload_session(seal_, session_, owner()); }
    Result<UploadSession> open(std::string_view text, const UploadOwner& by) const {
        return open_upload_session(seal_, text, by, now_);
    }

    identity::Seal seal_{Bytes(32, std::byte{7})};
    Guid registry_ = Guid::random();
    RepositoryName repository_ = *RepositoryName::parse("library/app");
    Timestamp now_ = from_microseconds(1'700'000'000'123'456);
    UploadSession session_{.id = Guid::random(), .algorithm = DigestAlgorithm::sha512, .given_at = now_, .has_bytes = true};
};

TEST_F(UploadSessions, OpensAsItWasSealed) {
    const auto opened = open(sealed(), owner());
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->id, session_.id);
    EXPECT_EQ(opened->algorithm, session_.algorithm);
    EXPECT_EQ(opened->given_at, session_.given_at);
    EXPECT_EQ(opened->has_bytes, session_.has_bytes);
}

TEST_F(UploadSessions, IsOnePathSegment) {
    const std::string text = sealed();
    EXPECT_LE(text.size(), 160U);
    EXPECT_EQ(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), std::string::npos);
    EXPECT_NE(text, sealed()) << "the same session sealed twice tells nothing";
}

TEST_F(UploadSessions, BelongsToItsOwner) {
    const Guid other_registry = Guid::random();
    const RepositoryName other_repository = *RepositoryName::parse("library/app2");
    const std::string text = sealed();
    for (const UploadOwner& other :
         {UploadOwner{other_registry, repository_, "someone"}, UploadOwner{registry_, other_repository, "someone"},
          UploadOwner{registry_, repository_, "someone else"}, UploadOwner{registry_, repository_, ""}}) {
        const auto opened = open(text, other);
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error().code, ErrorCode::blob_upload_unknown);
    }
}

TEST_F(UploadSessions, EndsWithItsLifetime) {
    const std::string text = sealed();
    now_ += upload_session_lifetime;
    EXPECT_TRUE(open(text, owner()));
    now_ += std::chrono::seconds(1);
    EXPECT_FALSE(open(text, owner()));
}

TEST_F(UploadSessions, ChangedTextIsUnknown) {
    const std::string text = sealed();
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string changed = text;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(open(changed, owner())) << i;
    }
    for (std::size_t size = 0; size < text.size(); ++size) EXPECT_FALSE(open(text.substr(0, size), owner())) << size;
    EXPECT_FALSE(open(text + "AAAA", owner()));
    EXPECT_FALSE(open(std::string(5000, 'A'), owner()));
    EXPECT_FALSE(open("00000000-0000-0000-0000-000000000000", owner()));
}

TEST_F(UploadSessions, OtherSealsAndPurposesOpenNothing) {
    const identity::Seal other(Bytes(32, std::byte{8}));
    EXPECT_FALSE(open_upload_session(other, sealed(), owner(), now_));
    const Bytes plain(59, std::byte{1});
    EXPECT_FALSE(open(to_base64url(seal_.seal("password", plain)), owner()));
    EXPECT_FALSE(open(to_base64url(seal_.seal("upload", plain)), owner())) << "sealed for this, but of no owner";
    EXPECT_FALSE(open(to_base64url(seal_.seal("upload", Bytes(58))), owner()));
}

TEST(EndedUploads, RemembersForALifetime) {
    EndedUploads ended;
    Timestamp now = from_microseconds(1'700'000'000'000'000);
    const Guid first = Guid::random();
    EXPECT_FALSE(ended.has_ended(first));
    EXPECT_TRUE(ended.end(first, now));
    EXPECT_FALSE(ended.end(first, now));
    EXPECT_TRUE(ended.has_ended(first));
    now += upload_session_lifetime + std::chrono::hours(1);
    EXPECT_TRUE(ended.end(Guid::random(), now));
    EXPECT_TRUE(ended.has_ended(first));
    EXPECT_FALSE(ended.end(first, now));
    now += upload_session_lifetime + std::chrono::hours(1);
    EXPECT_TRUE(ended.end(Guid::random(), now));
    EXPECT_FALSE(ended.has_ended(first));
}

TEST(EndedUploads, IsBounded) {
    EndedUploads ended;
    const Timestamp now = from_microseconds(1'700'000'000'000'000);
    const Guid first = Guid::random();
    ended.end(first, now);
    for (std::size_t i = 0; i < EndedUploads::most; ++i) ended.end(Guid::random(), now);
    EXPECT_TRUE(ended.has_ended(first));
    for (std::size_t i = 0; i < EndedUploads::most; ++i) ended.end(Guid::random(), now);
    EXPECT_FALSE(ended.has_ended(first));
}

} // namespace
} // namespace berth::data_plane
