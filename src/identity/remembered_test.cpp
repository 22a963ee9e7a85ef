#include "identity/keyed_hash.hpp"
#include "identity/remembered.hpp"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

namespace berth::identity {
namespace {

const KeyedHash hash;
MemoryKey key_of(int number) { return hash.of({std::to_string(number)}); }

TEST(Remembered, FindsWhatWasInserted) {
    Remembered<int> memory(100);
    EXPECT_EQ(memory.find(key_of(1)), nullptr);
    memory.insert(key_of(1), std::make_shared<const int>(7));
    ASSERT_NE(memory.find(key_of(1)), nullptr);
    EXPECT_EQ(*memory.find(key_of(1)), 7);
    memory.insert(key_of(1), std::make_shared<const int>(8));
    EXPECT_EQ(*memory.find(key_of(1)), 8);
    EXPECT_EQ(memory.find(key_of(2)), nullptr);
    memory.erase(key_of(1));
    EXPECT_EQ(memory.find(key_of(1)), nullptr);
    memory.insert(key_of(1), std::make_shared<const int>(9));
    memory.clear();
    EXPECT_EQ(memory.find(key_of(1)), nullptr);
    EXPECT_EQ(memory.size(), 0U);
}

TEST(Remembered, IsBoundedAndKeepsWhatIsUsed) {
    Remembered<int> memory(800);
    memory.insert(key_of(-1), std::make_shared<const int>(-1));
    for (int i = 0; i < 20'000; ++i) {
        memory.insert(key_of(i), std::make_shared<const int>(i));
        ASSERT_NE(memory.find(key_of(-1)), nullptr) << i;
    }
    EXPECT_LE(memory.size(), 1600U);
    EXPECT_GE(memory.size(), 800U);
    EXPECT_EQ(memory.find(key_of(0)), nullptr);
    EXPECT_NE(memory.find(key_of(19'999)), nullptr);
}

TEST(Remembered, IsSharedBetweenThreads) {
    Remembered<int> memory(64);
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 2000; ++i) {
                memory.insert(key_of(i % 200), std::make_shared<const int>(i % 200));
                const auto found = memory.find(key_of(i % 100));
                if (found && *found != i % 100) ++wrong;
                if (i % 500 == 0) memory.clear();
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
}

TEST(KeyedHash, TellsPartsApart) {
    std::set<MemoryKey> seen;
    EXPECT_TRUE(seen.insert(hash.of({})).second);
    EXPECT_TRUE(seen.insert(hash.of({""})).second);
    EXPECT_TRUE(seen.insert(hash.of({"", ""})).second);
    EXPECT_TRUE(seen.insert(hash.of({"ab", "c"})).second);
    EXPECT_TRUE(seen.insert(hash.of({"a", "bc"})).second);
    EXPECT_TRUE(seen.insert(hash.of({"abc"})).second);
    EXPECT_TRUE(seen.insert(KeyedHash().of({"abc"})).second); // another process has another key
    EXPECT_FALSE(seen.insert(hash.of({"abc"})).second);
}

} // namespace
} // namespace berth::identity
