#include "identity/assertion.hpp"

#include "base/encoding.hpp"
#include "identity/certificate.hpp"
#include "identity/key_ring.hpp"
#include "identity/key_set.hpp"
#include "identity/testing/identity_fixture.hpp"
#include "identity/trusted_issuer.hpp"

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace berth::identity {
namespace {

constexpr std::string_view good_header = R"({"alg":"RS256","typ":"JWT"})";
constexpr std::string_view good_claims = R"({"iss":"a","sub":"b","aud":"c","exp":1800000600.5,"iat":1800000000.25})";

std::string token_of(std::string_view header, std::string_view claims, std::string_view signature = "signature") {
    return to_base64url(as_bytes(header)) + "." + to_base64url(as_bytes(claims)) + "." + to_base64url(as_bytes(signature));
}

Timestamp at(std::int64_t seconds) { return Timestamp(std::chrono::seconds(seconds)); }

TEST(Assertion, ReadsWhatClientsSend) {
    const auto assertion = Assertion::parse(token_of(
        R"({"alg":"PS256","kid":"k","x5t":"AAAAAAAAAAAAAAAAAAAAAAAAAAA=","x5c":"AQID\nBAU=","jwk":{"kty":"oct"},"jku":"https://x"})",
        R"({"iss":"a","sub":"b","aud":["c/","d"],"exp":1800000600.5,"iat":1800000000.25,"nbf":1800000000})"));
    ASSERT_TRUE(assertion) << assertion.error().message;
    EXPECT_EQ(assertion->algorithm, "PS256");
    EXPECT_EQ(assertion->key_id, "k");
    EXPECT_EQ(assertion->sha1, Bytes(20));
    EXPECT_EQ(assertion->leaf, (Bytes{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}, std::byte{5}}));
    EXPECT_EQ(assertion->issuer, "a");
    EXPECT_EQ(assertion->subject, "b");
    EXPECT_EQ(assertion->expires_at, at(1'800'000'600));
    EXPECT_TRUE(assertion->is_for("c"));
    EXPECT_TRUE(assertion->is_for("d/"));
    EXPECT_FALSE(assertion->is_for("C"));
    EXPECT_FALSE(assertion->is_for(""));
}

TEST(Assertion, RefusesWhatIsNone) {
    const std::string long_token(40'000, 'x');
    for (const std::string& token : {std::string(),
                                     std::string("a"),
                                     std::string("a.b"),
                                     std::string("a.b.c.d"),
                                     std::string(".."),
                                     long_token,
                                     token_of(good_header, good_claims, ""),
                                     token_of(good_header, good_claims) + "=",
                                     token_of("[]", good_claims),
                                     token_of("{}", good_claims),
                                     token_of(R"({"alg":7})", good_claims),
                                     token_of(R"({"alg":"RS256","crit":["x"]})", good_claims),
                                     token_of(R"({"alg":"RS256","b64":false})", good_claims),
                                     token_of(R"({"alg":"RS256","zip":"DEF"})", good_claims),
                                     token_of(R"({"alg":"RS256","alg":"none"})", good_claims),
                                     token_of(R"({"alg":"RS256","x5t":"AAAA"})", good_claims),
                                     token_of(R"({"alg":"RS256","x5t#S256":"*"})", good_claims),
                                     token_of(R"({"alg":"RS256","x5c":7})", good_claims),
                                     token_of(good_header, "[]"),
                                     token_of(good_header, "{}"),
                                     token_of(good_header, R"({"iss":"a","sub":"b","aud":"c"})"),
                                     token_of(good_header, R"({"iss":"a","sub":"","aud":"c","exp":1})"),
                                     token_of(good_header, R"({"iss":"a","sub":"b","aud":[],"exp":1})"),
                                     token_of(good_header, R"({"iss":"a","sub":"b","aud":7,"exp":1})"),
                                     token_of(good_header, R"({"iss":"a","sub":"b","aud":"c","exp":"1"})"),
                                     token_of(good_header, R"({"iss":"a","sub":"b","aud":"c","exp":-1})"),
                                     token_of(good_header, R"({"iss":"a","sub":"b","aud":"c","exp":1e300})")}) {
        const auto assertion = Assertion::parse(token);
        ASSERT_FALSE(assertion) << token.substr(0, 200);
        EXPECT_EQ(assertion.error().code, ErrorCode::invalid_credentials);
    }
}

TEST(Assertion, HoldsForItsTimeAndNotForLong) {
    const auto assertion = Assertion::parse(token_of(good_header, good_claims));
    ASSERT_TRUE(assertion);
    const auto hour = std::chrono::hours(1);
    EXPECT_TRUE(assertion->check_time(at(1'800'000'100), hour));
    EXPECT_TRUE(assertion->check_time(at(1'800'000'899), hour)) << "clocks differ";
    EXPECT_FALSE(assertion->check_time(at(1'800'000'900), hour)) << "expired";
    EXPECT_FALSE(assertion->check_time(at(1'799'999'000), hour)) << "made in the future";
    EXPECT_FALSE(assertion->check_time(at(1'800'000'100), std::chrono::seconds(60))) << "lives too long";
}

TEST(VerificationKey, ChecksWhatItsOwnerSignedAndNothingElse) {
    auto& keys = shared_keys();
    const std::string token = *keys.sign(KeyPurpose::directory, {{"a", "b"}});
    const auto set = parse_key_set(boost::json::serialize(keys.key_set(KeyPurpose::directory)));
    ASSERT_TRUE(set) << set.error().message;
    const VerificationKey& key = set->front();
    EXPECT_FALSE(key.id().empty());
    EXPECT_TRUE(key.verify(token, "RS256"));
    for (const std::string_view other : {"none", "HS256", "ES256", "PS256", "RS512", ""}) {
        EXPECT_FALSE(key.allows(other)) << other;
        EXPECT_FALSE(key.verify(token, other)) << other;
    }
    std::string changed = token;
    changed[token.find('.') + 3] = changed[token.find('.') + 3] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(key.verify(changed, "RS256"));
    const std::string of_registry = *keys.sign(KeyPurpose::registry, {{"a", "b"}});
    EXPECT_FALSE(key.verify(of_registry, "ES256"));
    const auto registry = parse_key_set(boost::json::serialize(keys.key_set(KeyPurpose::registry)));
    ASSERT_TRUE(registry) << registry.error().message;
    EXPECT_TRUE(registry->front().verify(of_registry, "ES256"));
}

TEST(KeySet, PassesOverKeysThatAreNone) {
    for (const std::string_view text :
         {"", "[]", "{}", R"({"keys":7})", R"({"keys":[]})", R"({"keys":[{"kty":"oct","k":"AAAA"}]})",
          R"({"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]})", R"({"keys":[{"kty":"RSA"}]})", R"({"keys":[7,null,[]]})",
          R"({"keys":[{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}]})", R"({"keys":[{"kty":"EC","crv":"secp256k1"}]})",
          R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"AAAA"}]})"}) {
        const auto set = parse_key_set(text);
        ASSERT_FALSE(set) << text;
        EXPECT_EQ(set.error().code, ErrorCode::invalid_parameter);
    }
    auto mine = shared_keys().key_set(KeyPurpose::directory);
    auto& key = mine.at("keys").as_array().front().as_object();
    key["use"] = "enc";
    EXPECT_FALSE(parse_key_set(boost::json::serialize(mine)));
    key["use"] = "sig";
    key["alg"] = "HS256";
    EXPECT_FALSE(parse_key_set(boost::json::serialize(mine)));
}

TEST(KeySet, IsWhereTheIssuersOwnMetadataSays) {
    EXPECT_EQ(parse_key_set_address(R"({"issuer":"https://a","jwks_uri":"https://a/keys"})", "https://a"), "https://a/keys");
    for (const std::string_view text :
         {"", "{}", R"({"issuer":"https://b","jwks_uri":"https://a/keys"})", R"({"issuer":"https://a"})",
          R"({"issuer":"https://a/","jwks_uri":"x"})", R"({"issuer":"https://a","jwks_uri":7})"}) {
        EXPECT_FALSE(parse_key_set_address(text, "https://a")) << text;
    }
}

TEST(Certificate, RefusesWhatIsNone) {
    for (const std::string_view text :
         {"", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "0\x82\x01"}) {
        const auto certificate = Certificate::parse(as_bytes(text));
        ASSERT_FALSE(certificate);
        EXPECT_EQ(certificate.error().code, ErrorCode::invalid_parameter);
    }
    EXPECT_FALSE(Certificate::parse(Bytes(20'000)));
}

TEST(TrustedIssuer, IsReadFromItsSetting) {
    const auto issuer = TrustedIssuer::parse("issuer=https://a.example/realms/x,audience=api://"
                                             "one,audience=two,subject-claim=email,groups-claim=roles,key-set=https://a/k");
    ASSERT_TRUE(issuer) << issuer.error().message;
    EXPECT_EQ(*issuer, (TrustedIssuer{"https://a.example/realms/x", {"api://one", "two"}, "email", "roles", "https://a/k"}));
    for (const std::string_view text :
         {"", "x", "issuer=", "issuer=nowhere", "audience=x", "issuer=https://a,colour=red",
          "issuer=https://a,issuer=https://b", "issuer=https://a,key-set=x", "issuer=https://a,audience="}) {
        const auto refused = TrustedIssuer::parse(text);
        ASSERT_FALSE(refused) << text;
        EXPECT_EQ(refused.error().code, ErrorCode::invalid_parameter);
    }
}

} // namespace
} // namespace berth::identity
