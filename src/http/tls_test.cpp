#include "http/server.hpp"
#include "http/testing/raw_client.hpp"
#include "http/testing/test_server.hpp"

#include <gtest/gtest.h>

#include <map>
#include <thread>

namespace berth::http {
namespace {

using namespace std::chrono_literals;
using testing::echo;
using testing::RawClient;
using testing::TestServer;

const std::string get = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";

// Certificates by name that a test may change.
class Certificates {
public:
    void set(const std::string& name, Certificate certificate) {
        const std::lock_guard lock(mutex_);
        by_name_[name] = std::make_shared<const Certificate>(std::move(certificate));
    }
    CertificateSource source() {
        return [this](std::string_view name) -> std::shared_ptr<const Certificate> {
            const std::lock_guard lock(mutex_);
            const auto found = by_name_.find(std::string(name));
            return found == by_name_.end() ? nullptr : found->second;
        };
    }

private:
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<const Certificate>> by_name_;
};

TEST(Tls, AnswersWithTheCertificateOfTheName) {
    Certificates certificates;
    certificates.set("a.example", testing::self_signed("certificate a"));
    certificates.set("b.example", testing::self_signed("certificate b"));
    certificates.set("", testing::self_signed("without a name"));
    TestServer server(&echo, {.loops = 2}, certificates.source());
    const auto port = server.listen_tls();
    for (const auto& [name, expected] : std::vector<std::pair<std::string, std::string>>{{"a.example", "certificate a"},
                                                                                         {"b.example", "certificate b"},
                                                                                         {"", "without a name"},
                                                                                         {"a.example", "certificate a"}}) {
        RawClient client(port);
        ASSERT_TRUE(client.start_tls(name)) << name;
        EXPECT_EQ(client.certificate_name(), expected);
        EXPECT_EQ(client.protocol(), "http/1.1"); // h2 was offered first
        for (int i = 0; i < 2; ++i) EXPECT_EQ(client.ask(get)->field("X-Secure"), "yes");
    }
    RawClient stranger(port);
    EXPECT_FALSE(stranger.start_tls("c.example"));
    RawClient plain(server.port()); // both listeners at once
    EXPECT_EQ(plain.ask(get)->field("X-Secure"), "no");
}

TEST(Tls, AsksAgainAfterAReload) {
    Certificates certificates;
    certificates.set("a.example", testing::self_signed("old"));
    TestServer server(&echo, {.loops = 2}, certificates.source());
    const auto port = server.listen_tls();
    RawClient before(port);
    ASSERT_TRUE(before.start_tls("a.example"));
    EXPECT_EQ(before.certificate_name(), "old");
    certificates.set("a.example", testing::self_signed("new"));
    server->reload_certificates();
    RawClient after(port);
    ASSERT_TRUE(after.start_tls("a.example"));
    EXPECT_EQ(after.certificate_name(), "new");
    EXPECT_TRUE(before.ask(get)); // sessions under way are not harmed
}

TEST(Tls, CertificatesAreChecked) {
    const Certificate good = testing::self_signed("a");
    const Certificate other = testing::self_signed("b");
    EXPECT_TRUE(check_certificate(good));
    EXPECT_TRUE(check_certificate({.chain = good.chain + other.chain, .key = good.key}));
    EXPECT_TRUE(check_certificate({.chain = good.chain, .key = other.key}).error().message.contains("does not belong"));
    EXPECT_TRUE(check_certificate({.chain = "", .key = good.key}).error().message.contains("chain"));
    EXPECT_TRUE(check_certificate({.chain = good.chain, .key = ""}).error().message.contains("key"));
    EXPECT_FALSE(check_certificate({.chain = good.key, .key = good.key}));

    Certificates certificates;
    certificates.set("bad.example", {.chain = good.chain, .key = other.key});
    certificates.set("good.example", good);
    TestServer server(&echo, {.loops = 1}, certificates.source());
    const auto port = server.listen_tls();
    RawClient bad(port);
    EXPECT_FALSE(bad.start_tls("bad.example"));
    RawClient client(port);
    EXPECT_TRUE(client.start_tls("good.example"));
}

TEST(Tls, SurvivesWhatIsNoTls) {
    Certificates certificates;
    certificates.set("", testing::self_signed("a"));
    TestServer server(&echo, {.loops = 1, .limits = {.head_timeout = 1s}}, certificates.source());
    const auto port = server.listen_tls();
    RawClient plain(port);
    ASSERT_TRUE(plain.send(get));
    EXPECT_FALSE(plain.read_all().contains("HTTP/1.1 200"));
    RawClient silent(port);
    EXPECT_EQ(silent.read_all(), ""); // the handshake has its time
    RawClient half(port);
    ASSERT_TRUE(half.send("\x16\x03\x01"));
    EXPECT_EQ(half.read_all(), "");
    for (int i = 0; i < 20; ++i) RawClient vanished(port);
    RawClient client(port);
    ASSERT_TRUE(client.start_tls(""));
    EXPECT_TRUE(client.ask(get));
}

TEST(Tls, TakesHeadsByteByByteAndPipelined) {
    Certificates certificates;
    certificates.set("", testing::self_signed("a"));
    TestServer server(&echo, {.loops = 1}, certificates.source());
    RawClient client(server.listen_tls());
    ASSERT_TRUE(client.start_tls(""));
    for (const char c : get) ASSERT_TRUE(client.send(std::string_view(&c, 1)));
    EXPECT_EQ(client.receive()->status, 200U);
    std::string many;
    for (int i = 0; i < 200; ++i) many += get;
    ASSERT_TRUE(client.send(many));
    for (int i = 0; i < 200; ++i) ASSERT_EQ(client.receive()->status, 200U);
    ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHost: a\nA: b\r\n\r\n"));
    EXPECT_EQ(client.receive()->status, 400U);
    EXPECT_EQ(client.read_all(), "");
}

TEST(Tls, TurnsAwayWhatIsAboveTheLimit) {
    Certificates certificates;
    certificates.set("", testing::self_signed("a"));
    TestServer server(&echo, {.loops = 1, .limits = {.connections = 1}}, certificates.source());
    const auto port = server.listen_tls();
    RawClient first(port);
    ASSERT_TRUE(first.start_tls(""));
    RawClient second(port);
    EXPECT_FALSE(second.start_tls(""));
}

} // namespace
} // namespace berth::http
