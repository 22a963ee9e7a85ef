#include "identity/key_derivation.hpp"

#include "identity/owned.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace berth::identity {
namespace {

constexpr std::size_t hash_size = 32;
using Block = std::array<std::byte, hash_size>;

// A library that cannot compute has no memory or is broken: nothing safe could follow.
void must(bool done) noexcept {
    if (!done) std::abort();
}

EVP_MAC_CTX* new_context() noexcept {
    static EVP_MAC* const hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    EVP_MAC_CTX* const context = EVP_MAC_CTX_new(hmac);
    must(context != nullptr);
    char digest[] = "SHA256";
    const std::array<OSSL_PARAM, 2> parameters{OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                               OSSL_PARAM_construct_end()};
    must(EVP_MAC_CTX_set_params(context, parameters.data()) == 1);
    return context;
}

class Hmac {
public:
    // One for each thread keeps the algorithms; a key is set for each message.
    explicit Hmac(std::span<const std::byte> key) noexcept {
        thread_local const Owned<EVP_MAC_CTX, EVP_MAC_CTX_free> context(new_context());
        context_ = context.get();
        must(EVP_MAC_init(context_, reinterpret_cast<const unsigned char*>(key.data()), key.size(), nullptr) == 1);
    }
    Hmac& add(std::span<const std::byte> bytes) noexcept {
        must(EVP_MAC_update(context_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) == 1);
        return *this;
    }
    void finish(Block& out) noexcept {
        std::size_t size = 0;
        must(EVP_MAC_final(context_, reinterpret_cast<unsigned char*>(out.data()), &size, out.size()) == 1);
        must(size == out.size());
    }

private:
    EVP_MAC_CTX* context_ = nullptr;
};

} // namespace

void derive_key(std::span<std::byte> out, std::span<const std::byte> key, std::span<const std::byte> salt,
                std::string_view info) noexcept {
    must(out.size() <= 255 * hash_size);
    Block extracted{};
    const Block no_salt{}; // what RFC 5869, section 2.2, puts in its place
    Hmac(salt.empty() ? std::span<const std::byte>(no_salt) : salt).add(key).finish(extracted);
    Block block{};
    std::span<const std::byte> before; // the first block has none
    for (std::byte number{1}; !out.empty(); number = std::byte(std::to_integer<unsigned>(number) + 1)) {
        Hmac(extracted).add(before).add(std::as_bytes(std::span(info))).add(std::span(&number, 1)).finish(block);
        const std::size_t count = std::min(out.size(), block.size());
        std::copy_n(block.begin(), count, out.begin());
        out = out.subspan(count);
        before = block;
    }
    OPENSSL_cleanse(extracted.data(), extracted.size());
    OPENSSL_cleanse(block.data(), block.size());
}

} // namespace berth::identity
