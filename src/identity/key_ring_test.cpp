#include "base/random.hpp"
#include "identity/compact_token.hpp"
#include "identity/key_ring.hpp"
#include "identity/signing_key.hpp"
#include "identity/testing/test_clock.hpp"
#include "identity/testing/token_forge.hpp"
#include "storage/testing/temporary_database.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <openssl/err.h>

#include <random>

namespace berth::identity {
namespace {

using boost::json::object;
using testing::MatchesRegex;
using testing::UnorderedElementsAre;

constexpr std::chrono::hours rotate_after{24 * 30};

Seal random_seal() {
    Bytes key(32);
    fill_random(key);
    return Seal(key);
}

// A ring with its database, so that tests can take the private keys out and sign what they like.
struct Ring {
    TestClock clock;
    storage::TemporaryDatabase database;
    Seal seal = random_seal();
    std::unique_ptr<KeyRing> keys = load();

    std::unique_ptr<KeyRing> load() {
        auto loaded = sync_wait(KeyRing::load(*database, seal, clock, rotate_after));
        if (!loaded) std::abort();
        return std::move(*loaded);
    }
    std::string key_id(KeyPurpose purpose) const {
        return std::string(keys->key_set(purpose).at("keys").at(0).at("kid").as_string());
    }
    ForgeKey private_key(KeyPurpose purpose) {
        const std::string id = key_id(purpose);
        auto sealed = sync_wait(database->read(storage::ReadKind::point, [&](storage::Session& s) -> Result<Bytes> {
            auto rows = s.query("select sealed_private_key from signing_keys where id = ?1", id);
            if (!rows || !rows->next()) return failure(ErrorCode::not_found, "");
            return Bytes(rows->bytes(0).begin(), rows->bytes(0).end());
        }));
        const std::string name = purpose == KeyPurpose::registry ? "registry" : "directory";
        auto pem = seal.unseal("signing-key/" + name + "/" + id, *sealed);
        return key_of_pem(as_text(*pem));
    }
};

std::string key_id_in(std::string_view token) { return std::string(json_part(token, 0).at("kid").as_string()); }

class KeyRingTest : public testing::Test {
protected:
    static void SetUpTestSuite() { ring = std::make_unique<Ring>(); }
    static void TearDownTestSuite() { ring.reset(); }
    static std::unique_ptr<Ring> ring; // making RSA keys takes long
};
std::unique_ptr<Ring> KeyRingTest::ring;

TEST_F(KeyRingTest, VerifiesWhatItSigned) {
    for (const auto purpose : {KeyPurpose::registry, KeyPurpose::directory}) {
        const object claims{{"sub", "a"}, {"exp", 1}, {"list", {1, "two", nullptr}}};
        const auto token = ring->keys->sign(purpose, claims);
        ASSERT_TRUE(token);
        const auto back = ring->keys->verify(purpose, *token);
        ASSERT_TRUE(back) << back.error().message;
        EXPECT_EQ(*back, claims);
    }
}

TEST_F(KeyRingTest, HeadersAndKeyIdsHaveTheirShape) {
    const auto registry = json_part(*ring->keys->sign(KeyPurpose::registry, {}), 0);
    EXPECT_EQ(registry.at("alg"), "ES256");
    EXPECT_EQ(registry.at("typ"), "JWT");
    EXPECT_THAT(std::string(registry.at("kid").as_string()), MatchesRegex("([A-Z2-7]{4}:){11}[A-Z2-7]{4}"));
    EXPECT_EQ(registry.size(), 3U);
    const auto directory = json_part(*ring->keys->sign(KeyPurpose::directory, {}), 0);
    EXPECT_EQ(directory.at("alg"), "RS256");
    EXPECT_THAT(std::string(directory.at("kid").as_string()), MatchesRegex("[A-Za-z0-9_-]{43}"));
}

TEST_F(KeyRingTest, PublishesOnlyPublicHalves) {
    const auto names = [](const boost::json::value& key) {
        std::vector<std::string> out;
        for (const auto& member : key.as_object()) out.emplace_back(member.key());
        return out;
    };
    const auto registry = ring->keys->key_set(KeyPurpose::registry);
    ASSERT_EQ(registry.at("keys").as_array().size(), 1U);
    EXPECT_THAT(names(registry.at("keys").at(0)), UnorderedElementsAre("kty", "use", "alg", "kid", "crv", "x", "y"));
    const auto directory = ring->keys->key_set(KeyPurpose::directory);
    ASSERT_EQ(directory.at("keys").as_array().size(), 1U);
    EXPECT_THAT(names(directory.at("keys").at(0)), UnorderedElementsAre("kty", "use", "alg", "kid", "n", "e"));
    EXPECT_EQ(directory.at("keys").at(0).at("e"), "AQAB");
    EXPECT_GE(from_base64url(std::string_view(directory.at("keys").at(0).at("n").as_string()))->size(), 256U);

    // RFC 7638: the id is the hash of what is published.
    const std::string canonical =
        fmt::format(R"({{"e":"AQAB","kty":"RSA","n":"{}"}})", std::string_view(directory.at("keys").at(0).at("n").as_string()));
    EXPECT_EQ(to_base64url(Digest::of(as_bytes(canonical)).bytes()), ring->key_id(KeyPurpose::directory));
}

TEST_F(KeyRingTest, RefusesForgedTokens) {
    const auto registry_key = ring->private_key(KeyPurpose::registry);
    const auto directory_key = ring->private_key(KeyPurpose::directory);
    ASSERT_TRUE(registry_key && directory_key);
    const std::string kid = ring->key_id(KeyPurpose::registry);
    const std::string directory_kid = ring->key_id(KeyPurpose::directory);
    const SigningKey stranger = SigningKey::generate(KeyPurpose::registry);
    const ForgeKey stranger_key = key_of_pem(stranger.to_pem().reveal());
    const std::string claims = R"({"sub":"a"})";
    const std::string stranger_jwk = boost::json::serialize(stranger.public_jwk());
    const auto header = [&](std::string_view alg, std::string_view more = "") {
        return fmt::format(R"({{"alg":"{}","typ":"JWT","kid":"{}"{}}})", alg, kid, more);
    };
    const std::string good = forge(registry_key.get(), header("ES256"), claims);
    ASSERT_TRUE(ring->keys->verify(KeyPurpose::registry, good)); // the forge makes what is accepted, too
    const std::string signed_text = good.substr(0, good.rfind('.'));
    const auto with_signature = [&](const Bytes& signature) { return signed_text + "." + to_base64url(signature); };

    const std::pair<const char*, std::string> table[] = {
        // Another algorithm.
        {"alg none without a signature", fmt::format("{}.{}.", base64url_text(header("none")), base64url_text(claims))},
        {"alg none, other case", fmt::format("{}.{}.", base64url_text(header("nOnE")), base64url_text(claims))},
        {"alg none with the signature", forge(registry_key.get(), header("none"), claims)},
        {"HS256 with the public key", forge_hmac(public_pem(registry_key.get()), header("HS256"), claims)},
        {"HS256 with the key id", forge_hmac(kid, header("HS256"), claims)},
        {"RS256 named, ECDSA signed", forge(registry_key.get(), header("RS256"), claims)},
        {"RS256 under an EC key's id", forge(directory_key.get(), header("RS256"), claims)},
        {"ES384 named", forge(registry_key.get(), header("ES384"), claims)},
        {"alg in lower case", forge(registry_key.get(), header("es256"), claims)},
        {"alg is no string", forge(registry_key.get(), fmt::format(R"({{"alg":1,"kid":"{}"}})", kid), claims)},
        {"alg missing", forge(registry_key.get(), fmt::format(R"({{"kid":"{}"}})", kid), claims)},
        {"alg twice", forge(registry_key.get(), fmt::format(R"({{"alg":"none","alg":"ES256","kid":"{}"}})", kid), claims)},
        // Another key.
        {"a stranger's key under our id", forge(stranger_key.get(), header("ES256"), claims)},
        {"a stranger's key under its id", *stranger.sign(claims)},
        {"a stranger's key, brought along as jwk",
         forge(stranger_key.get(), header("ES256", ",\"jwk\":" + stranger_jwk), claims)},
        {"our key, with a jwk", forge(registry_key.get(), header("ES256", ",\"jwk\":" + stranger_jwk), claims)},
        {"our key, with x5c", forge(registry_key.get(), header("ES256", R"(,"x5c":["AAAA"])"), claims)},
        {"our key, with jku", forge(registry_key.get(), header("ES256", R"(,"jku":"https://a.example/k")"), claims)},
        {"our key, with crit", forge(registry_key.get(), header("ES256", R"(,"crit":["b64"],"b64":false)"), claims)},
        {"kid missing", forge(registry_key.get(), R"({"alg":"ES256","typ":"JWT"})", claims)},
        {"kid empty", forge(registry_key.get(), R"({"alg":"ES256","typ":"JWT","kid":""})", claims)},
        {"kid is no string", forge(registry_key.get(), R"({"alg":"ES256","typ":"JWT","kid":["a"]})", claims)},
        {"kid of a directory key",
         forge(directory_key.get(), fmt::format(R"({{"alg":"RS256","typ":"JWT","kid":"{}"}})", directory_kid), claims)},
        {"typ of another kind",
         forge(registry_key.get(), fmt::format(R"({{"alg":"ES256","typ":"JWE","kid":"{}"}})", kid), claims)},
        // Another signature.
        {"no signature", signed_text + "."},
        {"zeros", with_signature(Bytes(64))},
        {"r and s padded with zeros", with_signature(raw_signature(registry_key.get(), signed_text, 40))},
        {"DER instead of r and s", with_signature(der_signature(registry_key.get(), signed_text))},
        {"one byte more", good + "AA"},
        {"one character less", good.substr(0, good.size() - 1)},
        {"the signature of another text",
         fmt::format("{}.{}.{}", part_of(good, 0), base64url_text(R"({"sub":"b"})"), part_of(good, 2))},
        // Another form.
        {"empty", ""},
        {"one part", "abc"},
        {"two parts", "abc.def"},
        {"four parts", good + ".abc"},
        {"five parts, as encrypted ones have", "a.b.c.d.e"},
        {"only dots", ".."},
        {"padded signature", good + "="},
        {"padded header", fmt::format("{}=.{}.{}", part_of(good, 0), part_of(good, 1), part_of(good, 2))},
        {"a space at the end", good + " "},
        {"a line end inside", good.substr(0, 50) + "\n" + good.substr(50)},
        {"a NUL at the end", good + std::string(1, '\0')},
        {"standard alphabet", part_of(good, 0) + "." + part_of(good, 1) + ".++++" + part_of(good, 2).substr(4)},
        {"garbage", "!!!.???.***"},
        {"not UTF-8", "\xFF\xFE.\xFF.\xFF"},
        {"header is no JSON", forge(registry_key.get(), "alg", claims)},
        {"header is an array", forge(registry_key.get(), R"(["ES256"])", claims)},
        {"header is deep", forge(registry_key.get(), header("ES256", R"(,"a":[[[[[[1]]]]]])"), claims)},
        {"claims are no JSON", forge(registry_key.get(), header("ES256"), "claims")},
        {"claims are an array", forge(registry_key.get(), header("ES256"), "[]")},
        {"claims are empty", forge(registry_key.get(), header("ES256"), "")},
        {"a claim twice", forge(registry_key.get(), header("ES256"), R"({"sub":"a","sub":"b"})")},
        {"a claim twice, spelled with an escape", forge(registry_key.get(), header("ES256"), R"({"sub":"a","\u0073ub":"b"})")},
        {"claims are deep", forge(registry_key.get(), header("ES256"), R"({"a":[[[[[[[[[1]]]]]]]]]})")},
        {"1 MiB of one letter", std::string(1 << 20, 'a')},
        {"1 MiB of dots", std::string(1 << 20, '.')},
        {"1 MiB of claims, well signed",
         forge(registry_key.get(), header("ES256"), fmt::format(R"({{"sub":"{}"}})", std::string(1 << 20, 'a')))},
        {"just above the limit, well signed",
         forge(registry_key.get(), header("ES256"), fmt::format(R"({{"sub":"{}"}})", std::string(longest_token * 3 / 4, 'a')))},
    };
    for (const auto& [what, token] : table) {
        const auto verified = ring->keys->verify(KeyPurpose::registry, token);
        ASSERT_FALSE(verified) << what;
        EXPECT_EQ(verified.error().code, ErrorCode::invalid_credentials) << what;
        EXPECT_LT(verified.error().message.size(), 200U) << what;
    }

    // A key is for one purpose, whichever way round.
    EXPECT_FALSE(ring->keys->verify(KeyPurpose::directory, good));
    EXPECT_FALSE(ring->keys->verify(KeyPurpose::registry, *ring->keys->sign(KeyPurpose::directory, {})));
    const auto directory_header = fmt::format(R"({{"alg":"RS256","typ":"JWT","kid":"{}"}})", directory_kid);
    const std::string directory_good = forge(directory_key.get(), directory_header, claims);
    ASSERT_TRUE(ring->keys->verify(KeyPurpose::directory, directory_good));
    EXPECT_FALSE(ring->keys->verify(
        KeyPurpose::directory, forge_hmac(public_pem(directory_key.get()),
                                          fmt::format(R"({{"alg":"HS256","typ":"JWT","kid":"{}"}})", directory_kid), claims)));
}

TEST_F(KeyRingTest, EveryByteCounts) {
    const std::string good = *ring->keys->sign(KeyPurpose::registry, {{"sub", "a"}});
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string changed = good;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(ring->keys->verify(KeyPurpose::registry, changed)) << i;
        EXPECT_FALSE(ring->keys->verify(KeyPurpose::registry, std::string_view(good).substr(0, i))) << i;
    }
}

TEST_F(KeyRingTest, LeavesNothingInTheLibrarysErrorQueue) {
    const std::string good = *ring->keys->sign(KeyPurpose::registry, {});
    const std::string text = good.substr(0, good.rfind('.') + 1);
    EXPECT_FALSE(ring->keys->verify(KeyPurpose::registry, text + to_base64url(Bytes(64))));
    EXPECT_FALSE(ring->keys->verify(KeyPurpose::registry, text + to_base64url(Bytes(64, std::byte{255}))));
    EXPECT_FALSE(SigningKey::from_pem(KeyPurpose::registry, "no PEM"));
    EXPECT_EQ(ERR_peek_error(), 0U); // TLS would take it for its own
}

TEST(WriteClaims, GoClientsCanDecodeThem) {
    const object claims{{"a", "<>?~\x7F"},
                        {"b", "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x90\xB3"}, // two, three and four bytes of UTF-8
                        {"c>?", {{"d~", "\"\\/\b\f\n\r\t\x01"}}}};
    const std::string text = write_claims(claims);
    EXPECT_EQ(text.find_first_not_of(" !\"#$%&'()*+,-./0123456789:;<=@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
                                     "abcdefghijklmnopqrstuvwxyz{|}"),
              std::string::npos);
    EXPECT_NE(text.find("\\ud83d\\udc33"), std::string::npos);
    EXPECT_EQ(*parse_json(text), boost::json::value(claims));

    // Wherever such a character stands in a group of three bytes, nothing of the URL-safe alphabet comes out.
    std::mt19937 random(7);
    for (int round = 0; round < 500; ++round) {
        std::string value;
        for (int i = 0; i < 20; ++i) {
            constexpr std::string_view pieces[] = {">",   "?", "~", "\x7F", "a", "\xC3\xBF", "\xE2\x82\xAC", "\xF0\x9F\xBF\xBF",
                                                   "\xFF"};
            value += pieces[random() % std::size(pieces)];
        }
        const std::string encoded = base64url_text(write_claims({{"v", value}}));
        ASSERT_EQ(encoded.find_first_of("-_"), std::string::npos) << encoded;
    }
    // What is no UTF-8 is replaced, not passed on.
    EXPECT_EQ(write_claims({{"v", "\xFF\xC3"}}), R"({"v":"\ufffd\ufffd"})");
    EXPECT_EQ(write_claims({{"v", "\xE2\x82"}}).find_first_of("\xE2\x82"), std::string::npos);
}

TEST(StoredKeys, SurviveARestart) {
    Ring ring;
    const auto token = ring.keys->sign(KeyPurpose::registry, {{"sub", "a"}});
    const auto directory_token = ring.keys->sign(KeyPurpose::directory, {{"sub", "a"}});
    const auto again = ring.load();
    EXPECT_TRUE(again->verify(KeyPurpose::registry, *token));
    EXPECT_TRUE(again->verify(KeyPurpose::directory, *directory_token));
    EXPECT_EQ(again->key_set(KeyPurpose::registry), ring.keys->key_set(KeyPurpose::registry));
    EXPECT_EQ(again->key_set(KeyPurpose::directory), ring.keys->key_set(KeyPurpose::directory));
}

TEST(StoredKeys, RotateWhenTheyAreDueAndGoOnVerifyingForADay) {
    Ring ring;
    const std::string first_id = ring.key_id(KeyPurpose::registry);
    const auto old_token = *ring.keys->sign(KeyPurpose::registry, {});

    ring.clock.advance(rotate_after - std::chrono::seconds(1));
    ASSERT_TRUE(sync_wait(ring.keys->rotate_if_due()));
    EXPECT_EQ(key_id_in(*ring.keys->sign(KeyPurpose::registry, {})), first_id);

    ring.clock.advance(std::chrono::seconds(1));
    ASSERT_TRUE(sync_wait(ring.keys->rotate_if_due()));
    const auto new_token = *ring.keys->sign(KeyPurpose::registry, {});
    EXPECT_NE(key_id_in(new_token), first_id);
    EXPECT_TRUE(ring.keys->verify(KeyPurpose::registry, old_token));
    EXPECT_TRUE(ring.keys->verify(KeyPurpose::registry, new_token));
    EXPECT_EQ(ring.keys->key_set(KeyPurpose::registry).at("keys").as_array().size(), 2U);
    EXPECT_EQ(ring.keys->key_set(KeyPurpose::directory).at("keys").as_array().size(), 2U);

    // Another process that loads now has both, too.
    const auto other = ring.load();
    EXPECT_TRUE(other->verify(KeyPurpose::registry, old_token));
    EXPECT_TRUE(other->verify(KeyPurpose::registry, new_token));

    ring.clock.advance(std::chrono::hours(24));
    EXPECT_FALSE(ring.keys->verify(KeyPurpose::registry, old_token));
    EXPECT_TRUE(ring.keys->verify(KeyPurpose::registry, new_token));
    EXPECT_EQ(ring.keys->key_set(KeyPurpose::registry).at("keys").as_array().size(), 1U);
}

TEST(StoredKeys, AProcessThatComesLateTakesWhatIsThere) {
    Ring ring;
    const auto other = ring.load();
    ring.clock.advance(rotate_after);
    ASSERT_TRUE(sync_wait(other->rotate_if_due()));
    const auto token = *other->sign(KeyPurpose::registry, {});
    EXPECT_FALSE(ring.keys->verify(KeyPurpose::registry, token)); // not loaded yet
    ASSERT_TRUE(sync_wait(ring.keys->rotate_if_due()));
    EXPECT_TRUE(ring.keys->verify(KeyPurpose::registry, token));
    EXPECT_EQ(ring.keys->key_set(KeyPurpose::registry).at("keys").as_array().size(), 2U); // no third one
}

TEST(StoredKeys, NeedTheKeyFileThatSealedThem) {
    Ring ring;
    const Seal other = random_seal();
    const auto loaded = sync_wait(KeyRing::load(*ring.database, other, ring.clock, rotate_after));
    ASSERT_FALSE(loaded);
    EXPECT_NE(loaded.error().message.find("key file"), std::string::npos);
    ASSERT_TRUE(sync_wait(KeyRing::load(*ring.database, ring.seal, ring.clock, rotate_after))); // nothing was replaced
}

TEST(StoredKeys, ARowIsBoundToItsIdAndPurpose) {
    Ring ring;
    auto swapped = sync_wait(ring.database->write(
        [](storage::Session& s) { return s.execute("update signing_keys set id = id || 'A' where purpose = 'registry'"); }));
    ASSERT_TRUE(swapped);
    EXPECT_FALSE(sync_wait(KeyRing::load(*ring.database, ring.seal, ring.clock, rotate_after)));
}

TEST(StoredKeys, AreNotReadableInTheDatabase) {
    Ring ring;
    auto plain = sync_wait(ring.database->read(storage::ReadKind::page, [](storage::Session& s) -> Result<bool> {
        auto rows = s.query("select sealed_private_key from signing_keys");
        if (!rows) return failure(std::move(rows));
        bool found = false;
        while (*rows->next()) found |= as_text(rows->bytes(0)).find("PRIVATE KEY") != std::string_view::npos;
        return found;
    }));
    ASSERT_TRUE(plain);
    EXPECT_FALSE(*plain);
}

TEST(SigningKey, ReadsBackOnlyItsOwnKind) {
    const SigningKey key = SigningKey::generate(KeyPurpose::registry);
    const Secret pem = key.to_pem();
    const auto back = SigningKey::from_pem(KeyPurpose::registry, pem.reveal());
    ASSERT_TRUE(back);
    EXPECT_EQ(back->id(), key.id());
    EXPECT_FALSE(SigningKey::from_pem(KeyPurpose::directory, pem.reveal()));
    EXPECT_FALSE(SigningKey::from_pem(KeyPurpose::registry, ""));
    EXPECT_FALSE(SigningKey::from_pem(KeyPurpose::registry, pem.reveal().substr(0, 100)));
    const ForgeKey small(EVP_RSA_gen(1024));
    const Owned<BIO, BIO_free_all> buffer(BIO_new(BIO_s_mem()));
    ASSERT_EQ(PEM_write_bio_PKCS8PrivateKey(buffer.get(), small.get(), nullptr, nullptr, 0, nullptr, nullptr), 1);
    char* text = nullptr;
    const long size = BIO_get_mem_data(buffer.get(), &text);
    EXPECT_FALSE(SigningKey::from_pem(KeyPurpose::directory, {text, static_cast<std::size_t>(size)}));
    const ForgeKey other_curve(EVP_EC_gen("P-384"));
    const Owned<BIO, BIO_free_all> curve_buffer(BIO_new(BIO_s_mem()));
    ASSERT_EQ(PEM_write_bio_PKCS8PrivateKey(curve_buffer.get(), other_curve.get(), nullptr, nullptr, 0, nullptr, nullptr), 1);
    const long curve_size = BIO_get_mem_data(curve_buffer.get(), &text);
    EXPECT_FALSE(SigningKey::from_pem(KeyPurpose::registry, {text, static_cast<std::size_t>(curve_size)}));
}

} // namespace
} // namespace berth::identity
