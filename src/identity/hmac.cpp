#include "identity/hmac.hpp"

#include "identity/owned.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cstdlib>

namespace berth::identity {
namespace {

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

} // namespace

Hmac::Hmac(std::span<const std::byte> key) noexcept {
    // One for each thread keeps the algorithms; a key is set for each message.
    thread_local const Owned<EVP_MAC_CTX, EVP_MAC_CTX_free> context(new_context());
    context_ = context.get();
    must(EVP_MAC_init(context_, reinterpret_cast<const unsigned char*>(key.data()), key.size(), nullptr) == 1);
}

Hmac& Hmac::add(std::span<const std::byte> bytes) noexcept {
    must(EVP_MAC_update(context_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) == 1);
    return *this;
}

void Hmac::finish(HmacCode& out) noexcept {
    std::size_t size = 0;
    must(EVP_MAC_final(context_, reinterpret_cast<unsigned char*>(out.data()), &size, out.size()) == 1);
    must(size == out.size());
}

} // namespace berth::identity
