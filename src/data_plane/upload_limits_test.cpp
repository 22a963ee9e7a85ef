#include "data_plane/upload_limits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/value.hpp>

#include <optional>
#include <thread>

namespace berth::data_plane {
namespace {

using storage::UploadId;
using testing::HasSubstr;

class FakeClock final : public Clock {
public:
    Timestamp now() const noexcept override { return time; }
    Timestamp time = from_microseconds(1'800'000'000'000'000);
};

constexpr UploadAccount alice{.registry = "r1", .actor = "a", .registry_name = "one", .actor_name = "alice"};
constexpr UploadAccount bob{.registry = "r1", .actor = "b", .registry_name = "one", .actor_name = "bob"};
constexpr UploadAccount alice_elsewhere{.registry = "r2", .actor = "a", .registry_name = "two", .actor_name = "alice"};

class UploadLimitsTest : public testing::Test {
protected:
    void limit(const UploadLimitOptions& options) { limits_.emplace(clock_, options); }
    UploadLimits& limits() { return *limits_; }
    // Its id, if it may begin.
    std::optional<UploadId> begun(const UploadAccount& account = alice) {
        const auto id = UploadId::random();
        return limits().begin(id, account) ? std::optional(id) : std::nullopt;
    }
    // What it has after a chunk.
    void send(const UploadId& id, std::uint64_t total, const UploadAccount& account = alice, bool has_bytes = false) {
        auto use = limits().use(id, account, has_bytes, 0);
        ASSERT_TRUE(use);
        ASSERT_TRUE(use->reserve(total));
        use->keep(total);
    }
    void end(const UploadId& id, const UploadAccount& account = alice) {
        auto use = limits().use(id, account, true, 0);
        ASSERT_TRUE(use);
        use->end();
    }
    std::string totals() {
        const auto totals = limits().totals();
        return fmt::format("{} uploads, {} bytes", totals.uploads, totals.bytes);
    }
    std::string metrics() {
        std::string out;
        limits().write_metrics(out);
        return out;
    }

    FakeClock clock_;
    std::optional<UploadLimits> limits_;
};

template <class T>
void expect_refused(const Result<T>& result, std::string_view setting, std::string_view whose, std::int64_t seconds) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::too_many_requests);
    EXPECT_THAT(result.error().message, testing::StartsWith("Too many requests: "));
    EXPECT_THAT(result.error().message, HasSubstr(setting));
    EXPECT_THAT(result.error().message, HasSubstr(whose));
    EXPECT_EQ(result.error().detail.at("retryAfter").as_int64(), seconds);
}

TEST_F(UploadLimitsTest, AnIdentityHasSoManyUploadsOpenInAllRegistries) {
    limit({.identity_uploads = 3});
    const auto first = begun();
    ASSERT_TRUE(first);
    ASSERT_TRUE(begun());
    ASSERT_TRUE(begun(alice_elsewhere));
    expect_refused(limits().begin(UploadId::random(), alice), "(--uploads-per-identity)",
                   "the identity 'alice' has 3 uploads open, and 3 is the limit", 60);
    expect_refused(limits().begin(UploadId::random(), alice_elsewhere), "(--uploads-per-identity)", "alice", 60);
    EXPECT_TRUE(begun(bob)) << "somebody else's are not this one's";
    {
        const auto use = limits().use(*first, alice, false, 0);
        ASSERT_TRUE(use) << "one that is open goes on";
        expect_refused(limits().begin(UploadId::random(), alice), "(--uploads-per-identity)", "alice", 10);
    }
    end(*first);
    EXPECT_TRUE(begun()) << "one has ended";
    EXPECT_FALSE(begun());
    EXPECT_EQ(totals(), "4 uploads, 0 bytes");
    EXPECT_THAT(metrics(), HasSubstr("berth_refused_uploads_total{of=\"identity\",limit=\"uploads\"} 4\n"));
}

TEST_F(UploadLimitsTest, ARegistryHasSoManyUploadsOpenOfEverybody) {
    limit({.registry_uploads = 2});
    ASSERT_TRUE(begun(alice));
    const auto one = begun(bob);
    ASSERT_TRUE(one);
    expect_refused(limits().begin(UploadId::random(), alice), "(--uploads-per-registry)",
                   "the registry 'one' has 2 uploads open", 60);
    EXPECT_TRUE(begun(alice_elsewhere));
    end(*one, bob);
    EXPECT_TRUE(begun(alice));
    EXPECT_THAT(metrics(), HasSubstr("berth_refused_uploads_total{of=\"registry\",limit=\"uploads\"} 1\n"));
}

TEST_F(UploadLimitsTest, APushInOneRequestCountsWhileItRuns) {
    limit({.identity_uploads = 2, .identity_bytes = 1000});
    {
        const auto one = limits().use(UploadId::random(), alice, false, 600);
        ASSERT_TRUE(one);
        EXPECT_EQ(totals(), "1 uploads, 600 bytes");
        expect_refused(
            limits().use(UploadId::random(), alice, false, 401), "(--upload-bytes-per-identity)",
            "the 2 unfinished uploads of the identity 'alice' have 600 bytes, and 401 more would be above the limit of "
            "1000",
            10);
        EXPECT_EQ(totals(), "1 uploads, 600 bytes") << "a refused one counts no more";
        const auto two = limits().use(UploadId::random(), alice, false, 400);
        ASSERT_TRUE(two);
        expect_refused(limits().use(UploadId::random(), alice, false, 0), "(--uploads-per-identity)", "alice", 10);
    }
    EXPECT_EQ(totals(), "0 uploads, 0 bytes") << "both requests have vanished";
}

TEST_F(UploadLimitsTest, BytesAreThoseThatWereAcknowledgedAndThoseThatRunningRequestsAnnounce) {
    limit({.identity_bytes = 1000, .registry_bytes = 1500});
    const auto id = *begun();
    send(id, 300);
    EXPECT_EQ(totals(), "1 uploads, 300 bytes");
    {
        auto use = limits().use(id, alice, true, 0);
        ASSERT_TRUE(use);
        use->found(300);
        ASSERT_TRUE(use->reserve(900));
        EXPECT_EQ(totals(), "1 uploads, 900 bytes");
        expect_refused(limits().use(UploadId::random(), alice, false, 101), "(--upload-bytes-per-identity)", "'alice'", 10);
        expect_refused(limits().use(UploadId::random(), bob, false, 601), "(--upload-bytes-per-registry)",
                       "uploads of the registry 'one' have 900 bytes", 10);
        EXPECT_TRUE(limits().use(UploadId::random(), bob, false, 600));
        EXPECT_TRUE(limits().use(UploadId::random(), alice, false, 100));
    }
    EXPECT_EQ(totals(), "1 uploads, 300 bytes") << "what a broken request announced is given back";
    send(id, 1000, alice, true);
    EXPECT_TRUE(limits().use(id, alice, true, 0)) << "ending it needs no bytes";
    expect_refused(limits().use(UploadId::random(), alice, false, 1), "(--upload-bytes-per-identity)", "'alice'", 60);
    end(id);
    EXPECT_EQ(totals(), "0 uploads, 0 bytes");
    EXPECT_THAT(metrics(), HasSubstr("berth_refused_uploads_total{of=\"identity\",limit=\"bytes\"} 2\n"));
    EXPECT_THAT(metrics(), HasSubstr("berth_refused_uploads_total{of=\"registry\",limit=\"bytes\"} 1\n"));
}

TEST_F(UploadLimitsTest, BytesWithoutALengthAreTakenAheadWhereThereIsRoom) {
    limit({.identity_bytes = 3'000'000});
    auto one = limits().use(UploadId::random(), alice, false, 0);
    ASSERT_TRUE(one && one->reserve_as_it_comes(1));
    EXPECT_EQ(limits().totals().bytes, 1'048'577);
    ASSERT_TRUE(one->reserve_as_it_comes(1'048'577));
    EXPECT_EQ(limits().totals().bytes, 1'048'577) << "that was taken already";
    ASSERT_TRUE(one->reserve_as_it_comes(2'000'000));
    EXPECT_EQ(limits().totals().bytes, 2'000'000) << "there is no room for more than what came";
    ASSERT_TRUE(one->reserve_as_it_comes(3'000'000));
    const auto over = one->reserve_as_it_comes(3'000'001);
    ASSERT_FALSE(over);
    EXPECT_EQ(over.error().code, ErrorCode::payload_too_large);
    one->keep(5);
    EXPECT_EQ(totals(), "1 uploads, 5 bytes");
}

TEST_F(UploadLimitsTest, WhatNoWaitingHelpsIsTooLarge) {
    limit({.identity_bytes = 1000});
    const auto refused = limits().use(UploadId::random(), alice, false, 1001);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::payload_too_large);
    EXPECT_THAT(refused.error().message, HasSubstr("--upload-bytes-per-identity"));
    EXPECT_TRUE(limits().use(UploadId::random(), alice, false, 1000));
}

TEST_F(UploadLimitsTest, ZeroIsNoLimit) {
    limit({.identity_uploads = 0, .registry_uploads = 0, .identity_bytes = 0, .registry_bytes = 0});
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(begun());
    EXPECT_TRUE(limits().use(UploadId::random(), alice, false, UploadLimitOptions::most_bytes * 8));
}

TEST_F(UploadLimitsTest, AnUploadWithoutBytesCountsForAWhile) {
    limit({.identity_uploads = 2});
    const auto first = *begun();
    clock_.time += std::chrono::minutes(10);
    ASSERT_TRUE(begun());
    clock_.time += std::chrono::minutes(5) + std::chrono::seconds(1);
    const auto third = begun();
    ASSERT_TRUE(third) << "the first does not count any more";
    expect_refused(limits().use(first, alice, false, 0), "(--uploads-per-identity)", "", 60);
    clock_.time += std::chrono::minutes(10);
    EXPECT_TRUE(limits().use(first, alice, false, 0)) << "its Location is good when there is room";
    EXPECT_EQ(totals(), "1 uploads, 0 bytes") << "a request that brought nothing makes it count no longer";

    // One with bytes stays.
    send(*third, 10);
    clock_.time += std::chrono::hours(24);
    EXPECT_EQ(totals(), "1 uploads, 10 bytes");
    // A broken chunk begins the time of one without bytes anew.
    const auto broken = *begun();
    clock_.time += std::chrono::minutes(10);
    {
        ASSERT_TRUE(limits().use(broken, alice, false, 1000));
    }
    clock_.time += std::chrono::minutes(10);
    EXPECT_EQ(totals(), "2 uploads, 10 bytes");
    clock_.time += std::chrono::minutes(6);
    EXPECT_EQ(totals(), "1 uploads, 10 bytes");
}

TEST_F(UploadLimitsTest, UploadsWithoutBytesAreBoundedWhereNothingElseIs) {
    limit({.identity_uploads = 0, .registry_uploads = 0});
    for (std::size_t i = 0; i < UploadLimits::most_without_bytes + 1000; ++i) ASSERT_TRUE(begun());
    EXPECT_EQ(limits().totals().uploads, UploadLimits::most_without_bytes);
}

TEST_F(UploadLimitsTest, ARestartGoesOnWithWhatTheStoreHas) {
    limit({.identity_uploads = 3, .registry_bytes = 1000});
    const auto first = UploadId::random();
    limits().restore({{.id = first, .owner = alice.to_owner(), .size = 400},
                      {.id = UploadId::random(), .owner = alice_elsewhere.to_owner(), .size = 700},
                      {.id = UploadId::random(), .owner = bob.to_owner(), .size = 500},
                      {.id = UploadId::random(), .owner = "", .size = 9000}});
    EXPECT_EQ(totals(), "3 uploads, 1600 bytes") << "an import's is not counted";
    expect_refused(limits().use(UploadId::random(), bob, false, 101), "(--upload-bytes-per-registry)", "'one' have 900 bytes",
                   60);
    ASSERT_TRUE(begun());
    EXPECT_FALSE(begun());
    send(first, 500, alice, true);
    EXPECT_EQ(totals(), "4 uploads, 1700 bytes");
    end(first);
    EXPECT_EQ(totals(), "3 uploads, 1200 bytes");

    // More than is allowed may be there: it goes on and ends, and nothing begins.
    limit({.identity_uploads = 1});
    const auto other = UploadId::random();
    limits().restore(
        {{.id = first, .owner = alice.to_owner(), .size = 1}, {.id = other, .owner = alice.to_owner(), .size = 1}});
    EXPECT_FALSE(begun());
    send(other, 20, alice, true);
    end(other);
    EXPECT_FALSE(begun());
    end(first);
    EXPECT_TRUE(begun());
}

TEST_F(UploadLimitsTest, WhatTheStoreHasNoMoreIsForgotten) {
    limit({});
    const auto gone = *begun();
    const auto left = *begun();
    const auto running = *begun();
    const auto later = *begun();
    ASSERT_TRUE(begun()) << "one without bytes, which no store has";
    for (const auto& id : {gone, left, running}) send(id, 10);
    auto use = limits().use(running, alice, true, 0);
    ASSERT_TRUE(use);
    clock_.time += std::chrono::seconds(1);
    const Timestamp since = clock_.time;
    send(later, 10);
    limits().keep_only({left}, since);
    EXPECT_EQ(totals(), "4 uploads, 30 bytes");
    end(left);
    end(later);
    EXPECT_EQ(totals(), "2 uploads, 10 bytes");
}

TEST_F(UploadLimitsTest, OneThatEndedWhileAnotherRequestWasAtItStaysEnded) {
    limit({});
    const auto id = *begun();
    {
        auto chunk = limits().use(id, alice, false, 0);
        ASSERT_TRUE(chunk && chunk->reserve(100));
        {
            auto last = limits().use(id, alice, false, 7);
            ASSERT_TRUE(last);
            EXPECT_TRUE(last->end()) << "the chunk may have been stored";
        }
        EXPECT_EQ(totals(), "1 uploads, 100 bytes") << "the other request still runs";
        chunk->keep(100);
    }
    EXPECT_EQ(totals(), "0 uploads, 0 bytes");
    auto alone = limits().use(UploadId::random(), alice, false, 7);
    ASSERT_TRUE(alone);
    EXPECT_FALSE(alone->end());
}

TEST_F(UploadLimitsTest, WhatTheStoreFindsCounts) {
    limit({.identity_bytes = 100});
    const auto id = UploadId::random();
    {
        auto use = limits().use(id, alice, true, 0); // begun before a restart that knew nothing of it
        ASSERT_TRUE(use);
        use->found(60);
        EXPECT_FALSE(use->reserve(101));
        ASSERT_TRUE(use->reserve(100));
    }
    EXPECT_EQ(totals(), "1 uploads, 60 bytes");
}

TEST_F(UploadLimitsTest, CountsAreRightAfterManyThreads) {
    limit({.identity_uploads = 5, .identity_bytes = 500});
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (int number = 0; number < 4; ++number) {
        threads.emplace_back([&, number] {
            const UploadAccount& account = number % 2 == 0 ? alice : bob;
            for (int i = 0; i < 2000; ++i) {
                const auto id = UploadId::random();
                if (!limits().begin(id, account)) continue;
                {
                    auto chunk = limits().use(id, account, false, static_cast<std::uint64_t>(i % 200));
                    if (chunk && i % 3 == 0) chunk->keep(10);
                    if (chunk && i % 2 == 0) {
                        chunk->end();
                        continue;
                    }
                }
                auto use = limits().use(id, account, true, 0);
                if (use) use->end();
            }
        });
    }
    threads.clear();
    clock_.time += std::chrono::hours(1);
    EXPECT_EQ(totals(), "0 uploads, 0 bytes");
}

} // namespace
} // namespace berth::data_plane
