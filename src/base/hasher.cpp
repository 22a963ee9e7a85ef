// The one-shot contexts below are plain structures that can be copied and stored; the EVP interface that replaces them
// hides its state, and an upload must be able to go on in another process.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/hasher.hpp"

#include "base/sha256_lanes.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <cstring>

namespace berth {
namespace {

template <class Context, std::size_t Size>
Context& context_in(std::array<std::byte, Size>& storage) noexcept {
    static_assert(sizeof(Context) <= Size);
    return *reinterpret_cast<Context*>(storage.data());
}

std::span<const Sha256Lanes> lanes_worth_it() noexcept {
    static const auto found = has_sha256_instructions() ? std::span<const Sha256Lanes>() : sha256_lanes();
    return found;
}

} // namespace

// One message among others: its whole blocks go together with theirs, the rest by itself.
struct Hasher::Lane {
    SHA256_CTX* context;
    std::span<const std::byte> bytes;
    Sha256State state{};

    Lane() noexcept : context(nullptr) {}
    explicit Lane(const Input& input) noexcept : context(&context_in<SHA256_CTX>(input.hasher->context_)), bytes(input.bytes) {
        if (context->num != 0) update(std::min<std::size_t>(bytes.size(), SHA256_CBLOCK - context->num));
        std::ranges::copy(context->h, state.begin());
    }
    void update(std::size_t count) noexcept {
        SHA256_Update(context, bytes.data(), count);
        bytes = bytes.subspan(count);
    }
    std::size_t blocks() const noexcept { return bytes.size() / SHA256_CBLOCK; }
    void advanced(std::size_t count) noexcept {
        std::ranges::copy(state, context->h);
        const std::uint64_t bits =
            ((std::uint64_t{context->Nh} << 32) | context->Nl) + std::uint64_t{count} * SHA256_CBLOCK * 8;
        context->Nh = static_cast<SHA_LONG>(bits >> 32);
        context->Nl = static_cast<SHA_LONG>(bits);
        bytes = bytes.subspan(count * SHA256_CBLOCK);
    }
};

Hasher::Hasher(DigestAlgorithm algorithm) noexcept : algorithm_(algorithm), context_{} {
    if (algorithm_ == DigestAlgorithm::sha256) {
        SHA256_Init(&context_in<SHA256_CTX>(context_));
    } else {
        SHA512_Init(&context_in<SHA512_CTX>(context_));
    }
}

void Hasher::update(std::span<const std::byte> bytes) noexcept {
    if (algorithm_ == DigestAlgorithm::sha256) {
        SHA256_Update(&context_in<SHA256_CTX>(context_), bytes.data(), bytes.size());
    } else {
        SHA512_Update(&context_in<SHA512_CTX>(context_), bytes.data(), bytes.size());
    }
}

std::size_t Hasher::most_together() noexcept { return lanes_worth_it().empty() ? 1 : lanes_worth_it().back().count; }

void Hasher::update_together(std::span<const Input> inputs) noexcept {
    while (inputs.size() > most_together()) {
        update_together(inputs.first(most_together()));
        inputs = inputs.subspan(most_together());
    }
    std::array<Lane, Sha256Lanes::most> lanes;
    std::size_t used = 0;
    for (const Input& input : inputs) {
        if (inputs.size() >= fewest_together && input.hasher->algorithm_ == DigestAlgorithm::sha256) {
            lanes[used++] = Lane(input);
        } else {
            input.hasher->update(input.bytes);
        }
    }
    if (used == 0) return;
    const auto mine = std::span(lanes).first(used);
    const std::size_t blocks = std::ranges::min(mine, {}, &Lane::blocks).blocks();
    if (used >= fewest_together && blocks > 0) {
        const auto& how = *std::ranges::find_if(lanes_worth_it(), [used](const Sha256Lanes& one) { return one.count >= used; });
        std::array<Sha256State*, Sha256Lanes::most> states{};
        std::array<const std::byte*, Sha256Lanes::most> data{};
        for (std::size_t i = 0; i < how.count; ++i) {
            // Lanes without a message of their own read another's and write nowhere.
            states[i] = &lanes[i].state;
            data[i] = lanes[std::min(i, used - 1)].bytes.data();
        }
        how.advance(states.data(), data.data(), blocks);
        for (Lane& lane : mine) lane.advanced(blocks);
    }
    for (Lane& lane : mine) lane.update(lane.bytes.size());
}

Digest Hasher::digest() const {
    auto copy = context_;
    std::array<unsigned char, SHA512_DIGEST_LENGTH> out{};
    if (algorithm_ == DigestAlgorithm::sha256) {
        SHA256_Final(out.data(), &context_in<SHA256_CTX>(copy));
    } else {
        SHA512_Final(out.data(), &context_in<SHA512_CTX>(copy));
    }
    return Digest::from_bytes(algorithm_, std::as_bytes(std::span(out)).first(digest_size(algorithm_)));
}

std::string Hasher::save() const {
    std::string out;
    out += static_cast<char>(algorithm_);
    out.append(reinterpret_cast<const char*>(context_.data()), context_.size());
    return out;
}

std::optional<Hasher> Hasher::restore(std::string_view state) {
    if (state.size() != 1 + context_size) return std::nullopt;
    const auto algorithm = static_cast<DigestAlgorithm>(state.front());
    if (algorithm != DigestAlgorithm::sha256 && algorithm != DigestAlgorithm::sha512) return std::nullopt;
    Hasher hasher(algorithm);
    std::memcpy(hasher.context_.data(), state.data() + 1, context_size);
    return hasher;
}

} // namespace berth
