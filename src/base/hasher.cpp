// The one-shot contexts below are plain structures that can be copied and stored; the EVP interface that replaces them
// hides its state, and an upload must be able to go on in another process.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/hasher.hpp"

#include <openssl/sha.h>

#include <cstring>

namespace berth {
namespace {

template <class Context, std::size_t Size>
Context& context_in(std::array<std::byte, Size>& storage) noexcept {
    static_assert(sizeof(Context) <= Size);
    return *reinterpret_cast<Context*>(storage.data());
}

} // namespace

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
