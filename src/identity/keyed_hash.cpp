#include "identity/keyed_hash.hpp"

#include "base/random.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include <array>
#include <cstdint>
#include <cstdlib>

namespace berth::identity {
namespace {

void must(bool done) noexcept {
    if (!done) std::abort();
}

} // namespace

KeyedHash::KeyedHash() {
    static EVP_MAC* const hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    prepared_.reset(EVP_MAC_CTX_new(hmac));
    must(prepared_ != nullptr);
    std::array<std::byte, 32> key{};
    fill_random(key);
    char digest[] = "SHA256"; // the parameter's constructor takes a pointer to what it does not change
    const std::array<OSSL_PARAM, 2> parameters{OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                               OSSL_PARAM_construct_end()};
    must(EVP_MAC_init(prepared_.get(), reinterpret_cast<const unsigned char*>(key.data()), key.size(), parameters.data()) == 1);
    OPENSSL_cleanse(key.data(), key.size());
}

MemoryKey KeyedHash::of(std::initializer_list<std::string_view> parts) const {
    const Owned<EVP_MAC_CTX, EVP_MAC_CTX_free> context(EVP_MAC_CTX_dup(prepared_.get()));
    must(context != nullptr);
    for (const std::string_view part : parts) {
        const std::uint64_t size = part.size();
        must(EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(&size), sizeof(size)) == 1);
        must(EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(part.data()), part.size()) == 1);
    }
    MemoryKey out{};
    std::size_t size = 0;
    must(EVP_MAC_final(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, out.size()) == 1);
    return out;
}

} // namespace berth::identity
