#include "identity/recent_tokens.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <string>

namespace berth::identity {
namespace {

constexpr std::size_t shortest_kept = 64;
constexpr std::size_t longest_kept = 4096;
constexpr std::size_t places = 64;

struct Kept {
    std::uint64_t by = 0; // which RecentTokens
    std::string token;
    std::shared_ptr<const RegistryClaims> claims;
};

// The end of a signature is as good as random; of its last character not all bits count.
Kept& place_of(std::string_view token) noexcept {
    thread_local std::array<Kept, places> all;
    const auto from_end = [&](std::size_t count) { return static_cast<unsigned char>(token[token.size() - count]); };
    return all[(from_end(2) * 7U + from_end(3)) % places];
}

// Takes equally long wherever they differ, so that no time tells how much of a guess is right.
bool are_same(std::string_view left, std::string_view right) noexcept {
    if (left.size() != right.size()) return false;
    std::uint64_t difference = 0;
    const auto compare = [&](std::size_t position) {
        std::uint64_t one = 0;
        std::uint64_t other = 0;
        std::memcpy(&one, left.data() + position, sizeof(one));
        std::memcpy(&other, right.data() + position, sizeof(other));
        difference |= one ^ other;
    };
    for (std::size_t i = 0; i + sizeof(difference) < left.size(); i += sizeof(difference)) compare(i);
    compare(left.size() - sizeof(difference));
    return difference == 0;
}

bool is_kept(std::string_view token) noexcept { return token.size() >= shortest_kept && token.size() <= longest_kept; }

} // namespace

RecentTokens::RecentTokens() noexcept {
    static std::atomic<std::uint64_t> last = 0;
    id_ = ++last;
}

std::shared_ptr<const RegistryClaims> RecentTokens::find(std::string_view token) const {
    if (!is_kept(token)) return nullptr;
    const Kept& kept = place_of(token);
    return kept.by == id_ && are_same(kept.token, token) ? kept.claims : nullptr;
}

void RecentTokens::keep(std::string_view token, const RegistryClaims& claims) const {
    if (!is_kept(token)) return;
    // A copy of this thread's own: counting who holds it would go to and fro between processors.
    place_of(token) = {.by = id_, .token = std::string(token), .claims = std::make_shared<const RegistryClaims>(claims)};
}

} // namespace berth::identity
