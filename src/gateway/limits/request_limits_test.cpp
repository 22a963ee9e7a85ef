#include "gateway/limits/request_limits.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace berth::gateway {
namespace {

using namespace std::chrono_literals;
using Time = BucketTable::Time;

TEST(Budgets, AreReadAsTheSettingSaysThem) {
    const auto budgets = Budgets::parse("read=5000,write=0,oauth=1000000000");
    ASSERT_TRUE(budgets);
    EXPECT_EQ(budgets->of(RequestKind::read), 5000U);
    EXPECT_EQ(budgets->of(RequestKind::write), 0U);
    EXPECT_EQ(budgets->of(RequestKind::oauth), 1'000'000'000U);
    EXPECT_TRUE(budgets->any());
    ASSERT_TRUE(Budgets::parse(""));
    EXPECT_FALSE(Budgets::parse("")->any());
    for (const std::string_view bad : {"read", "read=", "read=-1", "read=1x", "read=1000000001", "reads=5", "read=1,read=2",
                                       "read=1,,write=2", "=5", ",", "read=1 ,write=2", "READ=1"}) {
        const auto refused = Budgets::parse(bad);
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.error().code, ErrorCode::invalid_parameter);
    }
}

TEST(BucketTable, GivesAMinutesBudgetAndThenFillsEvenly) {
    BucketTable table(64);
    const Time begin = Time(1h);
    for (int i = 0; i < 60; ++i) ASSERT_FALSE(table.take(7, 60, begin)) << i;
    const auto wait = table.take(7, 60, begin);
    ASSERT_TRUE(wait);
    EXPECT_EQ(*wait, 1s);
    EXPECT_EQ(*table.look(7, 60, begin), 1s);
    // A refusal takes nothing: the wait does not grow with the asking.
    for (int i = 0; i < 100; ++i) EXPECT_EQ(*table.take(7, 60, begin + 400ms), 600ms);
    EXPECT_FALSE(table.look(7, 60, begin + 1s)) << "looking takes nothing";
    EXPECT_FALSE(table.take(7, 60, begin + 1s));
    EXPECT_TRUE(table.take(7, 60, begin + 1s));
    // It never holds more than a minute's budget.
    int given = 0;
    while (!table.take(7, 60, begin + 24h)) ++given;
    EXPECT_EQ(given, 60);
    EXPECT_FALSE(table.take(8, 60, begin)) << "another key, another bucket";
}

TEST(BucketTable, ForgetsWhoMissesLeastAndNeverGrows) {
    BucketTable table(4); // one line
    const Time now = Time(1h);
    // Four keys with 10, 20, 30 and 40 taken; a fifth takes the place of the first.
    for (std::uint64_t key = 1; key <= 4; ++key) {
        for (std::uint64_t i = 0; i < key * 10; ++i) ASSERT_FALSE(table.take(key * 2, 60, now));
    }
    ASSERT_FALSE(table.take(10, 60, now));
    int given = 0;
    while (!table.take(8, 60, now)) ++given;
    EXPECT_EQ(given, 20) << "the one that misses most is kept";
    // Full buckets give up their place first: nothing is lost with them.
    ASSERT_FALSE(table.take(12, 60, now + 2min));
    EXPECT_FALSE(table.take(8, 60, now + 2min));
}

TEST(BucketTable, CountsExactlyWhenManyTakeAtOnce) {
    BucketTable table(1024);
    const Time now = Time(1h);
    std::atomic<int> given = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 5000; ++i) given += table.take(42, 10'000, now) ? 0 : 1;
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_GE(given, 10'000);
    // Two that make the bucket at once may each count on it once.
    EXPECT_LE(given, 10'004);
}

TEST(AddressPlace, IsOneForAHost) {
    const auto same = [](std::string_view a, std::string_view b) { return AddressPlace(a).text() == AddressPlace(b).text(); };
    EXPECT_TRUE(same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"));
    EXPECT_FALSE(same("2001:db8:1:2::1", "2001:db8:1:3::1"));
    EXPECT_FALSE(same("192.0.2.1", "192.0.2.2"));
    EXPECT_TRUE(same("192.0.2.1", "192.0.2.1"));
    EXPECT_EQ(AddressPlace("unknown").text(), "unknown");
    EXPECT_EQ(AddressPlace(":::").text(), ":::") << "what is no address counts as it is";
}

class Limits : public testing::Test {
protected:
    static Route route(http::Method method, Protocol protocol, std::string_view id = "some.route") {
        Route out;
        out.id = id;
        out.method = method;
        out.protocol = protocol;
        return out;
    }
    static identity::Caller caller(identity::CallerKind kind) {
        identity::Caller out;
        out.kind = kind;
        if (kind == identity::CallerKind::principal) out.principal = Guid::random();
        if (kind == identity::CallerKind::repository_token) out.token = Guid::random();
        if (kind == identity::CallerKind::admin_user) out.registry = Guid::random();
        return out;
    }
    // How many are let through at once.
    static int through(RequestLimits& limits, const Route& route, const identity::Caller& who,
                       std::string_view address = "192.0.2.1") {
        int count = 0;
        while (count < 50 && limits.admit(route, who, address, Time(1h))) ++count;
        return count;
    }

    const Route read_ = route(http::Method::get, Protocol::registry);
    const Route write_ = route(http::Method::patch, Protocol::registry);
    const Route delete_ = route(http::Method::delete_, Protocol::registry);
    const Route referrers_ = route(http::Method::get, Protocol::registry, "referrer.list");
    const Route arm_ = route(http::Method::get, Protocol::resource_manager);
    const Route token_ = route(http::Method::get, Protocol::registry_token);
    const Route health_ = route(http::Method::get, Protocol::berth);
    const Route sign_in_ = route(http::Method::post, Protocol::sign_in);
};

TEST_F(Limits, EachIdentityHasABudgetOfEachKind) {
    RequestLimits limits({.identity = *Budgets::parse("read=5,write=3,delete=2,referrers=1")});
    const auto one = caller(identity::CallerKind::principal);
    EXPECT_EQ(through(limits, referrers_, one), 1);
    EXPECT_EQ(through(limits, read_, one), 4) << "a list of referrers was a read too";
    EXPECT_EQ(through(limits, write_, one), 3);
    EXPECT_EQ(through(limits, delete_, one), 2);
    EXPECT_EQ(through(limits, arm_, one), 5) << "the management plane has its own";
    EXPECT_EQ(through(limits, health_, one), 50);
    for (const auto kind :
         {identity::CallerKind::principal, identity::CallerKind::repository_token, identity::CallerKind::admin_user}) {
        EXPECT_EQ(through(limits, read_, caller(kind)), 5);
    }
    // Nobody is counted by the address.
    EXPECT_EQ(through(limits, read_, identity::Caller::anonymous(), "192.0.2.7"), 5);
    EXPECT_EQ(through(limits, read_, identity::Caller::anonymous(), "192.0.2.7"), 0);
    EXPECT_EQ(through(limits, read_, identity::Caller::anonymous(), "192.0.2.8"), 5);

    const auto refused = limits.admit(read_, one, "192.0.2.1", Time(1h));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::too_many_requests);
    EXPECT_EQ(refused.error().detail, boost::json::value({{"retryAfter", 12}}));
    EXPECT_EQ(refused.error().message.rfind("Too many requests", 0), 0U);
    std::string metrics;
    limits.write_metrics(metrics);
    EXPECT_NE(metrics.find("berth_limited_requests_total{budget=\"identity\",kind=\"delete\"} 1\n"), std::string::npos)
        << metrics;
}

TEST_F(Limits, ARegistryIsChargedForThoseWhoAreKnown) {
    RequestLimits limits({.registry = *Budgets::parse("read=8")});
    const tenant::Registry registry{.row = 1,
                                    .id = Guid::random(),
                                    .name = "harbor",
                                    .login_server = "harbor.localhost",
                                    .scope = rbac::Scope::root(),
                                    .subscription = Guid::random()};
    const auto charged = [&](const identity::Caller& who, int most) {
        int count = 0;
        while (count < most && limits.charge(read_, who, registry, Time(1h))) ++count;
        return count;
    };
    EXPECT_EQ(charged(identity::Caller::anonymous(), 50), 50) << "nobody uses up what others have";
    EXPECT_EQ(charged(caller(identity::CallerKind::principal), 5), 5);
    EXPECT_EQ(charged(caller(identity::CallerKind::repository_token), 50), 3);
    EXPECT_EQ(charged(identity::Caller::anonymous(), 50), 50);
}

TEST_F(Limits, AnAddressIsCountedBeforeAnythingElse) {
    RequestLimits limits({.address = *Budgets::parse("read=2,oauth=1")});
    http::Request request;
    request.remote_address = "2001:db8::1";
    const auto through_door = [&](const Route& route) {
        int count = 0;
        while (count < 50 && limits.admit(route, request, Time(1h))) ++count;
        return count;
    };
    EXPECT_EQ(through_door(read_), 2);
    request.remote_address = "2001:db8::2"; // the same host
    EXPECT_EQ(through_door(read_), 0);
    EXPECT_EQ(through_door(token_), 1);
    EXPECT_EQ(through_door(write_), 50);
    request.remote_address = "2001:db8:0:1::1";
    EXPECT_EQ(through_door(read_), 2);
}

TEST_F(Limits, FailedLoginsStopFurtherLoginsFromThere) {
    RequestLimits limits({.failed_logins = 3});
    const Time now = Time(1h);
    http::Request basic;
    basic.remote_address = "192.0.2.1";
    basic.method = http::Method::post;
    basic.headers.add("Authorization", "Basic eDp5");
    http::Request bearer;
    bearer.remote_address = "192.0.2.1";
    bearer.headers.add("Authorization", "Bearer token");
    const Error wrong{ErrorCode::invalid_credentials, "wrong"};
    const Error other{ErrorCode::not_found, "gone"};
    for (int i = 0; i < 20; ++i) {
        limits.count_failure(read_, basic, other, now);  // no matter of logging in
        limits.count_failure(read_, bearer, wrong, now); // a token that has ended: clients fetch another
        limits.count_failure(arm_, bearer, wrong, now);
    }
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(limits.admit(read_, basic, now));
        limits.count_failure(i == 0 ? sign_in_ : read_, basic, wrong, now);
    }
    for (const Route* route : {&read_, &token_, &sign_in_}) {
        const auto refused = limits.admit(*route, basic, now);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::too_many_requests);
        EXPECT_EQ(refused.error().detail, boost::json::value({{"retryAfter", 20}}));
    }
    EXPECT_TRUE(limits.admit(read_, bearer, now)) << "tokens that were given before go on";
    EXPECT_TRUE(limits.admit(arm_, bearer, now));
    http::Request anonymous;
    anonymous.remote_address = "192.0.2.1";
    EXPECT_TRUE(limits.admit(token_, anonymous, now));
    http::Request elsewhere = basic;
    elsewhere.remote_address = "192.0.2.2";
    EXPECT_TRUE(limits.admit(read_, elsewhere, now));
    EXPECT_TRUE(limits.admit(read_, basic, now + 20s));

    RequestLimits off({.failed_logins = 0});
    for (int i = 0; i < 5000; ++i) off.count_failure(read_, basic, wrong, now);
    EXPECT_TRUE(off.admit(read_, basic, now));
}

} // namespace
} // namespace berth::gateway
