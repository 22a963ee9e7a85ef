#include "identity/keyed_hash.hpp"

#include "base/random.hpp"
#include "identity/owned.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace berth::identity {
namespace {

constexpr std::size_t hash_size = 16;

void must(bool done) noexcept {
    if (!done) std::abort();
}

EVP_MAC_CTX* new_context() {
    static EVP_MAC* const siphash = EVP_MAC_fetch(nullptr, "SIPHASH", nullptr);
    EVP_MAC_CTX* context = EVP_MAC_CTX_new(siphash);
    must(context != nullptr);
    return context;
}

} // namespace

KeyedHash::KeyedHash() { fill_random(std::as_writable_bytes(std::span(key_))); }

KeyedHash::~KeyedHash() { OPENSSL_cleanse(key_.data(), key_.size()); }

MemoryKey KeyedHash::of(std::initializer_list<std::string_view> parts) const {
    thread_local const Owned<EVP_MAC_CTX, EVP_MAC_CTX_free> context(new_context());
    must(EVP_MAC_init(context.get(), key_.data(), key_.size(), nullptr) == 1);
    for (const std::string_view part : parts) {
        const std::uint64_t size = part.size();
        must(EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(&size), sizeof(size)) == 1);
        must(EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(part.data()), part.size()) == 1);
    }
    MemoryKey out{};
    std::size_t size = 0;
    must(EVP_MAC_final(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, out.size()) == 1);
    must(size == hash_size);
    std::copy_n(out.begin(), hash_size, out.begin() + hash_size); // a memory looks at either end of its keys
    return out;
}

} // namespace berth::identity
