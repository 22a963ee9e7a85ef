#include "app/certificates.hpp"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace berth::app {
namespace {

class CertificatesTest : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "/berth-tls-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::unique_ptr<Certificates> open() {
        auto opened = Certificates::open({}, {}, folder_, [](std::string_view host) { return host == "berth.localhost"; });
        EXPECT_TRUE(opened);
        return std::move(*opened);
    }

    std::filesystem::path folder_;
};

using X509Pointer = std::unique_ptr<X509, decltype(&X509_free)>;

X509Pointer parse(const std::string& pem) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
    return {PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free};
}

bool holds_host(const std::string& pem, const std::string& host) {
    return X509_check_host(parse(pem).get(), host.c_str(), host.size(), 0, nullptr) == 1;
}

TEST_F(CertificatesTest, ALeafForEachLoginServerWithTheLoopbackAddressesInIt) {
    const auto certificates = open();
    const auto leaf = certificates->choose("BERTH.localhost");
    ASSERT_NE(leaf, nullptr);
    EXPECT_TRUE(holds_host(leaf->chain, "berth.localhost"));
    EXPECT_TRUE(holds_host(leaf->chain, "localhost"));
    for (const char* address : {"127.0.0.1", "::1"}) {
        EXPECT_EQ(X509_check_ip_asc(parse(leaf->chain).get(), address, 0), 1) << address;
    }
    EXPECT_EQ(certificates->choose("berth.localhost"), leaf) << "made once";
    const auto other = certificates->choose("evil.example.com");
    EXPECT_FALSE(holds_host(other->chain, "evil.example.com")) << "leaves are made for login servers only";
    EXPECT_TRUE(holds_host(other->chain, "localhost"));
    EXPECT_TRUE(holds_host(certificates->choose("")->chain, "localhost"));
}

TEST_F(CertificatesTest, TheAuthorityIsKeptAndItsKeyIsItsOwners) {
    const auto read = [&](const char* name) {
        std::ifstream in(folder_ / name);
        return std::string{std::istreambuf_iterator<char>(in), {}};
    };
    open();
    const std::string first = read("ca.pem");
    const auto leaf = open()->choose("berth.localhost");
    EXPECT_EQ(read("ca.pem"), first);
    EXPECT_EQ(std::filesystem::status(folder_ / "ca.key").permissions() & std::filesystem::perms::all,
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    const auto authority = parse(first);
    EXPECT_EQ(X509_verify(parse(leaf->chain).get(), X509_get0_pubkey(authority.get())), 1);
}

TEST_F(CertificatesTest, ADamagedAuthorityIsNotReplacedInSilence) {
    open();
    std::ofstream(folder_ / "ca.key") << "not a key";
    const auto opened = Certificates::open({}, {}, folder_, [](std::string_view) { return false; });
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message.find("damaged"), std::string::npos);
}

TEST_F(CertificatesTest, TheOwnersCertificateIsReadAgainAndABadOneChangesNothing) {
    const auto authority = CertificateAuthority::open(folder_);
    ASSERT_TRUE(authority);
    const auto write = [&](const std::string& host) {
        const auto pair = (*authority)->issue(host);
        std::ofstream(folder_ / "own.pem") << pair->chain;
        std::ofstream(folder_ / "own.key") << pair->key;
    };
    write("one.example.com");
    const auto opened =
        Certificates::open(folder_ / "own.pem", folder_ / "own.key", folder_ / "unused", [](std::string_view) { return true; });
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_TRUE(holds_host((*opened)->choose("anything")->chain, "one.example.com"));
    EXPECT_TRUE((*opened)->authority_file().empty());
    EXPECT_TRUE((*opened)->covers("one.example.com"));
    EXPECT_FALSE((*opened)->covers("two.example.com"));
    write("two.example.com");
    ASSERT_TRUE((*opened)->reload());
    EXPECT_TRUE(holds_host((*opened)->choose("anything")->chain, "two.example.com"));
    std::ofstream(folder_ / "own.key") << "broken";
    EXPECT_FALSE((*opened)->reload());
    EXPECT_TRUE(holds_host((*opened)->choose("anything")->chain, "two.example.com"));
}

TEST_F(CertificatesTest, AWildcardCoversWhatClientsTakeItFor) {
    const auto authority = CertificateAuthority::open(folder_);
    ASSERT_TRUE(authority);
    struct Case {
        std::string certificate;
        std::string name;
        bool covered;
    };
    for (const Case& one : std::initializer_list<Case>{{"*.registry.example.com", "berth.registry.example.com", true},
                                                       {"*.registry.example.com", "BERTH.Registry.example.com", true},
                                                       {"*.registry.example.com", "registry.example.com", false},
                                                       {"*.registry.example.com", "a.b.registry.example.com", false},
                                                       {"*.azurecr.localhost", "berth.azurecr.localhost", true},
                                                       {"*.localhost", "berth.localhost", false}}) {
        const auto pair = (*authority)->issue(one.certificate);
        ASSERT_TRUE(pair);
        std::ofstream(folder_ / "own.pem") << pair->chain;
        std::ofstream(folder_ / "own.key") << pair->key;
        const auto opened =
            Certificates::open(folder_ / "own.pem", folder_ / "own.key", folder_, [](std::string_view) { return true; });
        ASSERT_TRUE(opened);
        EXPECT_EQ((*opened)->covers(one.name), one.covered) << one.certificate << " " << one.name;
    }
    EXPECT_TRUE(open()->covers("berth.localhost"));
    EXPECT_FALSE(open()->covers("evil.example.com"));
}

} // namespace
} // namespace berth::app
