#include "identity/sign_in_attempts.hpp"

#include "identity/testing/test_clock.hpp"
#include "tenant/testing/tenant_database.hpp"

#include <gtest/gtest.h>

namespace berth::identity {
namespace {

class SignInAttemptsTest : public testing::Test {
protected:
    TestClock clock;
    tenant::TenantDatabase rows;
    SignInAttempts attempts{*rows, clock};

    bool open(std::string_view name, std::string_view address) {
        const auto checked = sync_wait(attempts.check(name, address));
        EXPECT_TRUE(checked || checked.error().code == ErrorCode::too_many_requests);
        return checked.has_value();
    }
    void fail(std::string_view name, std::string_view address, std::int64_t times = 1) {
        for (std::int64_t i = 0; i < times; ++i) ASSERT_TRUE(sync_wait(attempts.failed(name, address)));
    }
};

constexpr auto enough = SignInAttempts::failures_of_a_name_from_an_address;

TEST_F(SignInAttemptsTest, LocksANameFromAnAddress) {
    fail("ada", "192.0.2.1", enough - 1);
    EXPECT_TRUE(open("ada", "192.0.2.1"));
    fail("ADA", "192.0.2.1");
    EXPECT_FALSE(open("ada", "192.0.2.1"));
    EXPECT_TRUE(open("ada", "192.0.2.2")) << "the person is elsewhere";
    EXPECT_TRUE(open("bob", "192.0.2.1"));
    SignInAttempts after_a_restart(*rows, clock);
    EXPECT_FALSE(sync_wait(after_a_restart.check("ada", "192.0.2.1")));
}

TEST_F(SignInAttemptsTest, TheLockEndsAndGetsLonger) {
    fail("ada", "192.0.2.1", enough);
    clock.advance(std::chrono::seconds(59));
    EXPECT_FALSE(open("ada", "192.0.2.1"));
    clock.advance(std::chrono::seconds(1));
    EXPECT_TRUE(open("ada", "192.0.2.1"));
    fail("ada", "192.0.2.1");
    clock.advance(std::chrono::seconds(119));
    EXPECT_FALSE(open("ada", "192.0.2.1"));
    clock.advance(std::chrono::seconds(1));
    EXPECT_TRUE(open("ada", "192.0.2.1"));
    fail("ada", "192.0.2.1", 30);
    clock.advance(std::chrono::hours(1));
    EXPECT_TRUE(open("ada", "192.0.2.1")) << "an hour at most";
}

TEST_F(SignInAttemptsTest, SuccessAndTimeForget) {
    fail("ada", "192.0.2.1", enough - 1);
    ASSERT_TRUE(sync_wait(attempts.succeeded("ada", "192.0.2.1")));
    fail("ada", "192.0.2.1", enough - 1);
    EXPECT_TRUE(open("ada", "192.0.2.1"));
    clock.advance(std::chrono::hours(2));
    fail("ada", "192.0.2.1");
    EXPECT_TRUE(open("ada", "192.0.2.1"));
}

TEST_F(SignInAttemptsTest, GuessingFromManyAddressesLocksTheName) {
    for (int i = 0; i < SignInAttempts::failures_of_a_name; ++i) fail("ada", "192.0.2." + std::to_string(i));
    EXPECT_FALSE(open("ada", "198.51.100.1"));
    EXPECT_TRUE(open("bob", "198.51.100.1"));
}

TEST_F(SignInAttemptsTest, TryingManyNamesLocksTheAddress) {
    for (int i = 0; i < SignInAttempts::failures_of_an_address; ++i) fail("name" + std::to_string(i), "192.0.2.1");
    EXPECT_FALSE(open("ada", "192.0.2.1"));
    EXPECT_TRUE(open("ada", "192.0.2.2"));
}

TEST_F(SignInAttemptsTest, AHostHasManyAddressesOfTheNewKind) {
    for (int i = 0; i < enough; ++i) fail("ada", "2001:db8:0:1::" + std::to_string(i));
    EXPECT_FALSE(open("ada", "2001:db8:0:1:ffff::1"));
    EXPECT_TRUE(open("ada", "2001:db8:0:2::1"));
}

} // namespace
} // namespace berth::identity
