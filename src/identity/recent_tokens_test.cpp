#include "identity/recent_tokens.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace berth::identity {
namespace {

RegistryClaims claims_of(std::string audience) {
    RegistryClaims claims;
    claims.audience = std::move(audience);
    return claims;
}

TEST(RecentTokens, FindsWhatItKeptAndNothingNear) {
    const RecentTokens recent;
    for (const std::size_t size : {64U, 65U, 71U, 72U, 1000U, 4096U}) {
        std::string token(size, 'x');
        EXPECT_EQ(recent.find(token), nullptr);
        recent.keep(token, claims_of("here"));
        const auto found = recent.find(token);
        ASSERT_NE(found, nullptr) << size;
        EXPECT_EQ(found->audience, "here");
        for (std::size_t i = 0; i < size; ++i) {
            token[i] = 'y';
            EXPECT_EQ(recent.find(token), nullptr) << i << " of " << size;
            token[i] = 'x';
        }
        EXPECT_EQ(recent.find(token + 'x'), nullptr);
    }
}

TEST(RecentTokens, KeepsTheLastOfAPlace) {
    const RecentTokens recent;
    const std::string first = "first" + std::string(100, '.');
    const std::string second = "other" + std::string(100, '.'); // ends alike
    recent.keep(first, claims_of("first"));
    recent.keep(second, claims_of("second"));
    EXPECT_EQ(recent.find(first), nullptr);
    ASSERT_NE(recent.find(second), nullptr);
    EXPECT_EQ(recent.find(second)->audience, "second");
}

TEST(RecentTokens, BelongToOneThreadAndOneMemory) {
    const RecentTokens recent;
    const std::string token(200, 'x');
    recent.keep(token, claims_of("here"));
    EXPECT_EQ(RecentTokens().find(token), nullptr);
    std::thread([&] { EXPECT_EQ(recent.find(token), nullptr); }).join();
    EXPECT_NE(recent.find(token), nullptr);
}

TEST(RecentTokens, LeavesOutWhatIsShortOrVeryLong) {
    const RecentTokens recent;
    for (const std::size_t size : {0U, 1U, 63U, 4097U}) {
        const std::string token(size, 'x');
        recent.keep(token, claims_of("here"));
        EXPECT_EQ(recent.find(token), nullptr) << size;
    }
}

} // namespace
} // namespace berth::identity
