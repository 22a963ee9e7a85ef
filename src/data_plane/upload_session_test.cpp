#include "data_plane/upload_session.hpp"

#include "base/encoding.hpp"
#include "data_plane/ended_uploads.hpp"

#include <gtest/gtest.h>

namespace berth::data_plane {
namespace {

class UploadSessions : public testing::Test {
protected:
    UploadOwner owner() const { return {.registry = registry_, .repository = repository_, .actor = "someone"}; }
    std::string text() const { return sign_upload_session(seal_, session_, owner()); }
    Result<UploadSession> open(std::string_view text, const UploadOwner& by) const {
        return open_upload_session(seal_, text, by, now_);
    }

    identity::Seal seal_{Bytes(32, std::byte{7})};
    Guid registry_ = Guid::random();
    RepositoryName repository_ = *RepositoryName::parse("library/app");
    Timestamp now_ = from_microseconds(1'700'000'000'123'456);
    UploadSession session_{.id = Guid::random(), .algorithm = DigestAlgorithm::sha512, .given_at = now_, .has_bytes = true};
};

TEST_F(UploadSessions, OpensAsItWasSigned) {
    const auto opened = open(text(), owner());
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->id, session_.id);
    EXPECT_EQ(opened->algorithm, session_.algorithm);
    EXPECT_EQ(opened->given_at, session_.given_at);
    EXPECT_EQ(opened->has_bytes, session_.has_bytes);
}

TEST_F(UploadSessions, IsOnePathSegment) {
    const std::string text = this->text();
    EXPECT_LE(text.size(), 160U);
    EXPECT_EQ(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), std::string::npos);
}

TEST_F(UploadSessions, BelongsToItsOwner) {
    const Guid other_registry = Guid::random();
    const RepositoryName other_repository = *RepositoryName::parse("library/app2");
    const std::string text = this->text();
    for (const UploadOwner& other :
         {UploadOwner{other_registry, repository_, "someone"}, UploadOwner{registry_, other_repository, "someone"},
          UploadOwner{registry_, repository_, "someone else"}, UploadOwner{registry_, repository_, ""}}) {
        const auto opened = open(text, other);
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error().code, ErrorCode::blob_upload_unknown);
    }
}

TEST_F(UploadSessions, EndsWithItsLifetime) {
    const std::string text = this->text();
    now_ += upload_session_lifetime;
    EXPECT_TRUE(open(text, owner()));
    now_ += std::chrono::seconds(1);
    EXPECT_FALSE(open(text, owner()));
}

TEST_F(UploadSessions, ChangedTextIsUnknown) {
    const std::string text = this->text();
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

TEST_F(UploadSessions, OtherKeysAndPurposesOpenNothing) {
    const identity::Seal other(Bytes(32, std::byte{8}));
    EXPECT_FALSE(open_upload_session(other, text(), owner(), now_));
    // What this key signed for something else, or for these parts in another order.
    const Bytes whole = *from_base64url(text());
    const auto plain = std::span(whole).first(whole.size() - identity::hmac_size);
    const auto with = [&](const identity::HmacCode& code) {
        Bytes forged(plain.begin(), plain.end());
        forged.insert(forged.end(), code.begin(), code.end());
        return to_base64url(forged);
    };
    const std::string_view registry = registry_.value();
    const std::string_view repository = repository_.value();
    EXPECT_TRUE(open(with(seal_.sign("upload", {as_text(plain), registry, repository, "someone"})), owner()));
    EXPECT_FALSE(open(with(seal_.sign("download", {as_text(plain), registry, repository, "someone"})), owner()));
    EXPECT_FALSE(open(with(seal_.sign("upload", {as_text(plain), repository, registry, "someone"})), owner()));
    EXPECT_FALSE(open(with(seal_.sign("upload", {as_text(plain)})), owner())) << "of no owner";
    EXPECT_FALSE(open(to_base64url(seal_.seal("upload", plain)), owner()));
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
