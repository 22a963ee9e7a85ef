#include "base/hasher.hpp"

#include "base/encoding.hpp"
#include "base/sha256_lanes.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

namespace berth {
namespace {

constexpr std::size_t block_size = 64;

Bytes random_bytes(std::size_t size, unsigned seed) {
    std::mt19937 source(seed);
    Bytes bytes(size);
    std::ranges::generate(bytes, [&] { return static_cast<std::byte>(source()); });
    return bytes;
}

// FIPS 180-4, section 5.1.1.
Bytes padded(Bytes message) {
    const std::uint64_t bits = message.size() * 8;
    message.push_back(std::byte{0x80});
    while (message.size() % block_size != block_size - 8) message.push_back(std::byte{0});
    for (int shift = 56; shift >= 0; shift -= 8) message.push_back(static_cast<std::byte>(bits >> shift));
    return message;
}

std::string in_hex(const Sha256State& state) {
    std::string out;
    for (const std::uint32_t word : state) out += fmt::format("{:08x}", word);
    return out;
}

constexpr Sha256State initial = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

// The library's answers, for each kind of vector that this processor has.
TEST(Sha256Lanes, AdvanceAsTheStandardSays) {
    if (sha256_lanes().empty()) GTEST_SKIP() << "this processor has no vectors for it";
    for (const Sha256Lanes& lanes : sha256_lanes()) {
        SCOPED_TRACE(lanes.name);
        ASSERT_LE(lanes.count, Sha256Lanes::most);
        for (const std::size_t size : {0U, 3U, 55U, 56U, 64U, 1000U, 70'000U}) {
            std::vector<Bytes> messages;
            std::vector<Sha256State> states(lanes.count, initial);
            std::vector<Sha256State*> where;
            std::vector<const std::byte*> data;
            for (std::size_t lane = 0; lane < lanes.count; ++lane) {
                messages.push_back(padded(random_bytes(size, static_cast<unsigned>(lane))));
                where.push_back(&states[lane]);
            }
            for (const Bytes& message : messages) data.push_back(message.data());
            lanes.advance(where.data(), data.data(), messages[0].size() / block_size);
            for (std::size_t lane = 0; lane < lanes.count; ++lane) {
                EXPECT_EQ(in_hex(states[lane]), Digest::of(random_bytes(size, static_cast<unsigned>(lane))).hex())
                    << "lane " << lane << ", " << size << " bytes";
            }
        }
    }
}

TEST(Hasher, TogetherIsAsAlone) {
    for (const std::size_t count : {0U, 1U, 2U, 3U, 7U, 8U, 9U, 16U, 17U, 40U}) {
        std::mt19937 random(static_cast<unsigned>(count));
        std::vector<Hasher> together;
        std::vector<Hasher> alone;
        for (std::size_t i = 0; i < count; ++i) {
            together.emplace_back(i % 5 == 4 ? DigestAlgorithm::sha512 : DigestAlgorithm::sha256);
            alone.push_back(together.back());
        }
        for (const std::size_t most : {100U, 64U, 1U, 5000U, 0U, 4096U}) {
            std::vector<Bytes> pieces;
            std::vector<Hasher::Input> inputs;
            for (std::size_t i = 0; i < count; ++i) {
                // As large as each other, as most are; or each of another size, in the middle of a block or not.
                pieces.push_back(random_bytes(most % block_size == 0 ? most : random() % most, static_cast<unsigned>(i)));
                alone[i].update(pieces[i]);
            }
            for (std::size_t i = 0; i < count; ++i) inputs.push_back({&together[i], pieces[i]});
            Hasher::update_together(inputs);
            for (std::size_t i = 0; i < count; ++i) {
                ASSERT_EQ(together[i].digest().to_string(), alone[i].digest().to_string())
                    << i << " of " << count << ", up to " << most;
            }
        }
        for (std::size_t i = 0; i < count; ++i) {
            EXPECT_EQ(Hasher::restore(together[i].save()).value().digest().to_string(), alone[i].digest().to_string());
        }
    }
}

// The library counts bits in two words of 32.
TEST(Hasher, TogetherPastHalfAGibibyte) {
    std::string state = Hasher(DigestAlgorithm::sha256).save();
    const std::uint32_t low = 0xffffff00;
    std::memcpy(state.data() + 1 + sizeof(Sha256State), &low, sizeof(low));
    const Bytes bytes = random_bytes(1024, 1);
    std::vector<Hasher> together(4, Hasher::restore(state).value());
    std::vector<Hasher::Input> inputs;
    for (Hasher& hasher : together) inputs.push_back({&hasher, bytes});
    Hasher::update_together(inputs);
    Hasher alone = Hasher::restore(state).value();
    alone.update(bytes);
    for (const Hasher& hasher : together) EXPECT_EQ(hasher.digest().to_string(), alone.digest().to_string());
}

} // namespace
} // namespace berth
