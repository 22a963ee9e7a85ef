#include "base/sha256_lanes.hpp"

#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace berth {

#if defined(__x86_64__)
namespace {

constexpr std::size_t block_size = 64;

// FIPS 180-4, section 4.2.2.
constexpr std::array<std::uint32_t, 64> constants = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
    0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
    0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
    0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

// One word of each message.
template <std::size_t Lanes>
struct WordsOf {
    using Type [[gnu::vector_size(Lanes * sizeof(std::uint32_t))]] = std::uint32_t;
};

// By reference and inlined: a vector that is passed would be passed differently by functions for different processors.
template <int Bits, class Words>
[[gnu::always_inline]] inline void rotate_right(Words& out, const Words& in) noexcept {
    out = (in >> Bits) | (in << (32 - Bits));
}

template <int First, int Second, int Third, class Words>
[[gnu::always_inline]] inline void add_big_sigma(Words& sum, const Words& in) noexcept {
    Words first, second, third;
    rotate_right<First>(first, in);
    rotate_right<Second>(second, in);
    rotate_right<Third>(third, in);
    sum += first ^ second ^ third;
}

template <int First, int Second, int Shift, class Words>
[[gnu::always_inline]] inline void add_small_sigma(Words& sum, const Words& in) noexcept {
    Words first, second;
    rotate_right<First>(first, in);
    rotate_right<Second>(second, in);
    sum += first ^ second ^ (in >> Shift);
}

// The algorithm as FIPS 180-4 has it in section 6.2.2, with a vector of as many words as there are messages for each word.
template <std::size_t Lanes>
[[gnu::always_inline]] inline void advance(Sha256State* const* states, const std::byte* const* data,
                                           std::size_t blocks) noexcept {
    using Words = typename WordsOf<Lanes>::Type;
    std::uint32_t gathered[16][Lanes]; // NOLINT(*-avoid-c-arrays): as a vector lies in memory
    Words state[8];                    // NOLINT(*-avoid-c-arrays)
    Words schedule[16];                // NOLINT(*-avoid-c-arrays)
    for (std::size_t word = 0; word < 8; ++word) {
        for (std::size_t lane = 0; lane < Lanes; ++lane) gathered[word][lane] = (*states[lane])[word];
    }
    std::memcpy(state, gathered, sizeof(state));
    for (std::size_t block = 0; block < blocks; ++block) {
        for (std::size_t lane = 0; lane < Lanes; ++lane) {
            std::array<std::uint32_t, 16> words;
            std::memcpy(words.data(), data[lane] + block * block_size, block_size);
            for (std::size_t word = 0; word < 16; ++word) gathered[word][lane] = __builtin_bswap32(words[word]);
        }
        std::memcpy(schedule, gathered, sizeof(schedule));
        Words a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
#pragma GCC unroll 64
        for (std::size_t round = 0; round < 64; ++round) {
            Words& word = schedule[round % 16];
            if (round >= 16) {
                add_small_sigma<7, 18, 3>(word, schedule[(round + 1) % 16]);
                add_small_sigma<17, 19, 10>(word, schedule[(round + 14) % 16]);
                word += schedule[(round + 9) % 16];
            }
            Words first = h + (g ^ (e & (f ^ g))) + constants[round] + word;
            add_big_sigma<6, 11, 25>(first, e);
            Words second = (a & b) | (c & (a | b));
            add_big_sigma<2, 13, 22>(second, a);
            h = g;
            g = f;
            f = e;
            e = d + first;
            d = c;
            c = b;
            b = a;
            a = first + second;
        }
        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
        state[5] += f;
        state[6] += g;
        state[7] += h;
    }
    std::memcpy(gathered, state, sizeof(state));
    for (std::size_t word = 0; word < 8; ++word) {
        for (std::size_t lane = 0; lane < Lanes; ++lane) (*states[lane])[word] = gathered[word][lane];
    }
}

[[gnu::target("avx2")]] void with_avx2(Sha256State* const* states, const std::byte* const* data, std::size_t blocks) noexcept {
    advance<8>(states, data, blocks);
}

[[gnu::target("avx512f,avx512vl,avx512bw")]] void with_avx512vl(Sha256State* const* states, const std::byte* const* data,
                                                                std::size_t blocks) noexcept {
    advance<8>(states, data, blocks);
}

[[gnu::target("avx512f,avx512vl,avx512bw")]] void with_avx512(Sha256State* const* states, const std::byte* const* data,
                                                              std::size_t blocks) noexcept {
    advance<16>(states, data, blocks);
}

constexpr std::array<Sha256Lanes, 2> lanes_of_avx512 = {{{8, "AVX-512VL", with_avx512vl}, {16, "AVX-512", with_avx512}}};
constexpr std::array<Sha256Lanes, 1> lanes_of_avx2 = {{{8, "AVX2", with_avx2}}};

} // namespace

std::span<const Sha256Lanes> sha256_lanes() noexcept {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
        __builtin_cpu_supports("avx512bw") != 0) {
        return lanes_of_avx512;
    }
    if (__builtin_cpu_supports("avx2") != 0) return lanes_of_avx2;
    return {};
}

bool has_sha256_instructions() noexcept {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    constexpr unsigned structured_features = 7, sha = 1U << 29;
    return __get_cpuid_count(structured_features, 0, &eax, &ebx, &ecx, &edx) != 0 && (ebx & sha) != 0;
}

#else

std::span<const Sha256Lanes> sha256_lanes() noexcept { return {}; }

bool has_sha256_instructions() noexcept { return true; } // every 64-bit Arm that berth is likely to meet

#endif

} // namespace berth
