#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "base/hasher.hpp"
#include "base/names.hpp"
#include "base/percent.hpp"
#include "base/strict_json.hpp"
#include "base/task.hpp"
#include "base/worker_pool.hpp"

#include <gtest/gtest.h>

namespace berth {
namespace {

Task<int> three() { co_return 3; }
Task<int> sum(int times) {
    int total = 0;
    for (int i = 0; i < times; ++i) {
        total += co_await three();
    }
    co_return total;
}

TEST(Task, LoopsOverReadyResultsDoNotGrowTheStack) { EXPECT_EQ(sync_wait(sum(1'000'000)), 3'000'000); }

Task<int> on_workers(WorkerPool& pool) {
    int total = 0;
    for (int i = 0; i < 1000; ++i) {
        total += co_await pool.run([i] { return i; });
    }
    co_return total;
}

TEST(WorkerPool, GivesBackWhatTheFunctionReturned) {
    WorkerPool pool(2);
    EXPECT_EQ(sync_wait(on_workers(pool)), 499500);
}

TEST(StrictJson, RefusesRepeatedKeysHoweverSpelled) {
    EXPECT_TRUE(parse_json(R"({"a":{"x":1},"b":[{"x":1}]})"));
    for (const char* text : {R"({"a":1,"a":2})", R"({"a":1,"\u0061":2})", R"([{"b":{"k":1,"k":1}}])", R"({"a":{"b":1},"a":1})",
                             R"({"a":1,"a":{"b":1}})", R"([1,{"x":[{}],"x":[{}]}])", "{} {}", "", "{", "[1,]"}) {
        EXPECT_EQ(parse_json(text).error().code, ErrorCode::invalid_json) << text;
    }
    EXPECT_NE(parse_json(R"([{"b":{"k":1,"\u006b":1}}])").error().message.find("'k'"), std::string::npos);
    for (const char* text : {"1e400", "-1e400", "[1e99999]", R"({"a":123456789e999})"}) {
        EXPECT_FALSE(parse_json(text)) << text << " would be infinite";
    }
    EXPECT_TRUE(parse_json("[1e308,-1e-400,18446744073709551615,99999999999999999999]"));
    EXPECT_TRUE(parse_json("[[1]]", {.depth = 2}));
    EXPECT_FALSE(parse_json("[[[1]]]", {.depth = 2}));
}

TEST(Percent, RefusesANulHoweverWritten) {
    using namespace std::string_view_literals;
    for (const auto text : {"a%00b"sv, "a\0b"sv, "\0"sv}) {
        EXPECT_FALSE(percent_decode(text)) << text;
        EXPECT_FALSE(Parameters::parse(text)) << text;
    }
    EXPECT_EQ(percent_decode("a%20b"), "a b");
}

TEST(Hasher, GoesOnFromASavedState) {
    for (const auto algorithm : {DigestAlgorithm::sha256, DigestAlgorithm::sha512}) {
        Hasher first(algorithm);
        first.update(as_bytes("hello "));
        auto second = Hasher::restore(first.save());
        ASSERT_TRUE(second);
        second->update(as_bytes("world"));
        EXPECT_EQ(second->digest(), Digest::of(as_bytes("hello world"), algorithm));
    }
    EXPECT_FALSE(Hasher::restore("x"));
}

} // namespace
} // namespace berth
