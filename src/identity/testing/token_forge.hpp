#pragma once

#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "identity/owned.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <cstdlib>
#include <string>
#include <string_view>

/// Tokens that berth would never make, for tests of what it refuses.
namespace berth::identity {

using ForgeKey = Owned<EVP_PKEY, EVP_PKEY_free>;

inline std::string base64url_text(std::string_view text) { return to_base64url(as_bytes(text)); }

inline ForgeKey key_of_pem(std::string_view pem) {
    const Owned<BIO, BIO_free_all> buffer(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    return ForgeKey(PEM_read_bio_PrivateKey(buffer.get(), nullptr, nullptr, nullptr));
}

inline Bytes der_signature(EVP_PKEY* key, std::string_view text) {
    const Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
    std::size_t size = 0;
    const auto* data = reinterpret_cast<const unsigned char*>(text.data());
    if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, data, text.size()) != 1) {
        std::abort();
    }
    Bytes out(size);
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, data, text.size()) != 1) {
        std::abort();
    }
    out.resize(size);
    return out;
}

/// r and s of an ECDSA signature, each in `width` bytes (JWS wants 32).
inline Bytes raw_signature(EVP_PKEY* key, std::string_view text, int width = 32) {
    const Bytes der = der_signature(key, text);
    const auto* data = reinterpret_cast<const unsigned char*>(der.data());
    const Owned<ECDSA_SIG, ECDSA_SIG_free> parts(d2i_ECDSA_SIG(nullptr, &data, static_cast<long>(der.size())));
    Bytes out(2 * static_cast<std::size_t>(width));
    auto* to = reinterpret_cast<unsigned char*>(out.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(parts.get()), to, width);
    BN_bn2binpad(ECDSA_SIG_get0_s(parts.get()), to + width, width);
    return out;
}

/// Header and payload as they are given, with the signature of the key over them: ECDSA or RSA, whichever it is.
inline std::string forge(EVP_PKEY* key, std::string_view header, std::string_view payload) {
    const std::string text = fmt::format("{}.{}", base64url_text(header), base64url_text(payload));
    const Bytes signature = EVP_PKEY_is_a(key, "EC") == 1 ? raw_signature(key, text) : der_signature(key, text);
    return fmt::format("{}.{}", text, to_base64url(signature));
}

/// The same with HMAC-SHA256 under a secret that anybody can know.
inline std::string forge_hmac(std::string_view secret, std::string_view header, std::string_view payload) {
    const std::string text = fmt::format("{}.{}", base64url_text(header), base64url_text(payload));
    Bytes mac(32);
    unsigned size = 32;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), reinterpret_cast<const unsigned char*>(text.data()),
         text.size(), reinterpret_cast<unsigned char*>(mac.data()), &size);
    return fmt::format("{}.{}", text, to_base64url(mac));
}

/// The public half as PEM.
inline std::string public_pem(EVP_PKEY* key) {
    const Owned<BIO, BIO_free_all> buffer(BIO_new(BIO_s_mem()));
    PEM_write_bio_PUBKEY(buffer.get(), key);
    char* text = nullptr;
    const long size = BIO_get_mem_data(buffer.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

/// A part of a compact token: 0 is the header, 1 the payload, 2 the signature.
inline std::string part_of(std::string_view token, int index) {
    for (; index > 0; --index) token.remove_prefix(token.find('.') + 1);
    return std::string(token.substr(0, token.find('.')));
}

/// Header or payload as JSON.
inline boost::json::object json_part(std::string_view token, int index) {
    const auto bytes = from_base64url(part_of(token, index));
    if (!bytes) std::abort();
    auto json = parse_json(as_text(*bytes));
    if (!json || !json->is_object()) std::abort();
    return json->get_object();
}

} // namespace berth::identity
