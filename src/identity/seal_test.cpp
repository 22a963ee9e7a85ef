#include "base/random.hpp"
#include "identity/seal.hpp"
#include "storage/testing/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <set>
#include <thread>

namespace berth::identity {
namespace {

Seal random_seal() {
    Bytes key(32);
    fill_random(key);
    return Seal(key);
}

TEST(Seal, GivesBackWhatItSealed) {
    const Seal seal = random_seal();
    for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 1000U, 100'000U}) {
        Bytes plain(size);
        fill_random(plain);
        const Bytes sealed = seal.seal("purpose", plain);
        const auto back = seal.unseal("purpose", sealed);
        ASSERT_TRUE(back) << size;
        EXPECT_EQ(*back, plain);
    }
}

TEST(Seal, TheSameIsNeverSealedAlike) {
    const Seal seal = random_seal();
    std::set<Bytes> seen;
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(seen.insert(seal.seal("purpose", as_bytes("text"))).second);
}

TEST(Seal, RefusesEverythingElse) {
    const Seal seal = random_seal();
    const Bytes sealed = seal.seal("purpose", as_bytes("a secret"));
    const auto refuses = [&](std::string_view purpose, const Bytes& bytes) {
        const auto out = seal.unseal(purpose, bytes);
        return !out && out.error().code == ErrorCode::invalid_credentials;
    };
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        for (const unsigned bit : {0U, 7U}) {
            Bytes changed = sealed;
            changed[i] ^= std::byte{1} << bit;
            EXPECT_TRUE(refuses("purpose", changed)) << i;
        }
    }
    for (std::size_t size = 0; size < sealed.size(); ++size) {
        EXPECT_TRUE(refuses("purpose", Bytes(sealed.begin(), sealed.begin() + static_cast<std::ptrdiff_t>(size)))) << size;
    }
    Bytes longer = sealed;
    longer.push_back(std::byte{0});
    EXPECT_TRUE(refuses("purpose", longer));
    EXPECT_TRUE(refuses("other purpose", sealed));
    EXPECT_TRUE(refuses("", sealed));
    EXPECT_FALSE(random_seal().unseal("purpose", sealed));
}

TEST(Seal, MakesItsKeyFileOnceAndKeepsIt) {
    const storage::TemporaryFolder folder;
    const auto path = folder.path() / "key";
    const auto first = Seal::open(path);
    ASSERT_TRUE(first) << first.error().message;
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1); // nothing left beside it

    const Bytes sealed = first->seal("purpose", as_bytes("text"));
    const auto second = Seal::open(path);
    ASSERT_TRUE(second);
    EXPECT_EQ(as_text(*second->unseal("purpose", sealed)), "text");
}

TEST(Seal, ManyWhoOpenAtOnceAgreeOnTheKey) {
    const storage::TemporaryFolder folder;
    const auto path = folder.path() / "key";
    constexpr std::size_t openers = 8;
    std::vector<std::optional<Seal>> seals(openers);
    std::vector<std::thread> threads;
    for (auto& seal : seals) {
        threads.emplace_back([&seal, &path] {
            if (auto opened = Seal::open(path)) seal = std::move(*opened);
        });
    }
    for (auto& thread : threads) thread.join();
    ASSERT_TRUE(seals.front());
    const Bytes sealed = seals.front()->seal("purpose", as_bytes("text"));
    for (const auto& seal : seals) {
        ASSERT_TRUE(seal);
        EXPECT_TRUE(seal->unseal("purpose", sealed));
    }
}

TEST(Seal, SaysWhatIsWrongWithTheKeyFile) {
    const storage::TemporaryFolder folder;
    const auto path = folder.path() / "key";
    for (const std::string& content : {std::string(), std::string("abc"), std::string(64, 'x'), std::string(63, 'a'),
                                       std::string(66, 'a'), std::string(1000, 'a'), std::string(64, 'A')}) {
        std::ofstream(path, std::ios::trunc) << content;
        const auto opened = Seal::open(path);
        ASSERT_FALSE(opened) << content;
        EXPECT_NE(opened.error().message.find(path.string()), std::string::npos);
        EXPECT_NE(opened.error().message.find("damaged"), std::string::npos);
        EXPECT_EQ(std::filesystem::file_size(path), content.size()); // left as it was
    }
    EXPECT_FALSE(Seal::open(folder.path()));
    EXPECT_FALSE(Seal::open(folder.path() / "no such folder" / "key"));
}

// RFC 4231, test case 2, through the class that signs.
TEST(Hmac, GivesWhatTheStandardSays) {
    HmacCode code{};
    Hmac(as_bytes("Jefe")).add("what do ya want ").add("for nothing?").finish(code);
    EXPECT_EQ(to_hex(code), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Seal, KnowsWhatItSigned) {
    const Seal seal = random_seal();
    const HmacCode code = seal.sign("purpose", {"one", "two"});
    EXPECT_TRUE(seal.has_signed("purpose", {"one", "two"}, code));
    EXPECT_EQ(seal.sign("purpose", {"one", "two"}), code);
    EXPECT_FALSE(random_seal().has_signed("purpose", {"one", "two"}, code));
    EXPECT_FALSE(seal.has_signed("", {"one", "two"}, code));
    EXPECT_FALSE(seal.has_signed("purpose", {"onet", "wo"}, code)) << "a part counts with its length";
    EXPECT_FALSE(seal.has_signed("purpose", {"onetwo"}, code));
    EXPECT_FALSE(seal.has_signed("purpose", {"one", "two", ""}, code));
    EXPECT_FALSE(seal.has_signed("purpose", {"two", "one"}, code));
    for (std::size_t i = 0; i < code.size(); ++i) {
        HmacCode changed = code;
        changed[i] ^= std::byte{1};
        EXPECT_FALSE(seal.has_signed("purpose", {"one", "two"}, changed)) << i;
        EXPECT_FALSE(seal.has_signed("purpose", {"one", "two"}, std::span(code).first(i))) << i;
    }
}

} // namespace
} // namespace berth::identity
