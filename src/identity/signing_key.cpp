#include "identity/signing_key.hpp"

#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "base/strict_json.hpp"

#include <cjose/cjose.h>
#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <cstdlib>

namespace berth::identity {
namespace {

constexpr unsigned rsa_bits = 2048;
constexpr std::size_t p256_size = 32;

using Number = Owned<BIGNUM, BN_clear_free>;
using Buffer = Owned<BIO, BIO_free_all>;
using Header = Owned<cjose_header_t, cjose_header_release>;
using Signature = Owned<cjose_jws_t, cjose_jws_release>;

// What OpenSSL gives only when it has no memory or is broken.
template <class T>
T must(T value) {
    if (!value) std::abort();
    return value;
}

Bytes number_of(EVP_PKEY* key, const char* name, std::size_t size = 0) {
    BIGNUM* number = nullptr;
    must(EVP_PKEY_get_bn_param(key, name, &number));
    const Number owner(number);
    Bytes out(std::max(size, static_cast<std::size_t>(BN_num_bytes(number))));
    must(BN_bn2binpad(number, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size())) >= 0);
    return out;
}

std::uint8_t* raw(Bytes& bytes) noexcept { return reinterpret_cast<std::uint8_t*>(bytes.data()); }

cjose_jwk_t* make_ec_jwk(EVP_PKEY* key) {
    Bytes d = number_of(key, OSSL_PKEY_PARAM_PRIV_KEY, p256_size);
    Bytes x = number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, p256_size);
    Bytes y = number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, p256_size);
    const cjose_jwk_ec_keyspec spec{
        .crv = CJOSE_JWK_EC_P_256, .d = raw(d), .dlen = d.size(), .x = raw(x), .xlen = x.size(), .y = raw(y), .ylen = y.size()};
    cjose_jwk_t* jwk = cjose_jwk_create_EC_spec(&spec, nullptr);
    OPENSSL_cleanse(d.data(), d.size());
    return jwk;
}

cjose_jwk_t* make_rsa_jwk(EVP_PKEY* key) {
    std::array<Bytes, 8> parts{number_of(key, OSSL_PKEY_PARAM_RSA_E),         number_of(key, OSSL_PKEY_PARAM_RSA_N),
                               number_of(key, OSSL_PKEY_PARAM_RSA_D),         number_of(key, OSSL_PKEY_PARAM_RSA_FACTOR1),
                               number_of(key, OSSL_PKEY_PARAM_RSA_FACTOR2),   number_of(key, OSSL_PKEY_PARAM_RSA_EXPONENT1),
                               number_of(key, OSSL_PKEY_PARAM_RSA_EXPONENT2), number_of(key, OSSL_PKEY_PARAM_RSA_COEFFICIENT1)};
    const cjose_jwk_rsa_keyspec spec{.e = raw(parts[0]),
                                     .elen = parts[0].size(),
                                     .n = raw(parts[1]),
                                     .nlen = parts[1].size(),
                                     .d = raw(parts[2]),
                                     .dlen = parts[2].size(),
                                     .p = raw(parts[3]),
                                     .plen = parts[3].size(),
                                     .q = raw(parts[4]),
                                     .qlen = parts[4].size(),
                                     .dp = raw(parts[5]),
                                     .dplen = parts[5].size(),
                                     .dq = raw(parts[6]),
                                     .dqlen = parts[6].size(),
                                     .qi = raw(parts[7]),
                                     .qilen = parts[7].size()};
    cjose_jwk_t* jwk = cjose_jwk_create_RSA_spec(&spec, nullptr);
    for (Bytes& part : parts) OPENSSL_cleanse(part.data(), part.size());
    return jwk;
}

// libtrust's key id: SHA-256 over the DER of the public key, its first 240 bits in base32, in groups of four.
std::string libtrust_id(EVP_PKEY* key) {
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key, &der);
    must(size > 0);
    const Digest digest = Digest::of(std::as_bytes(std::span(der, static_cast<std::size_t>(size))));
    OPENSSL_free(der);
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"; // RFC 4648 section 6
    std::string out;
    unsigned bits = 0;
    unsigned held = 0;
    std::size_t characters = 0;
    for (const std::byte byte : digest.bytes().first(30)) {
        bits = (bits << 8U | std::to_integer<unsigned>(byte)) & 0xFFFFU;
        held += 8;
        while (held >= 5) {
            held -= 5;
            if (characters != 0 && characters % 4 == 0) out += ':';
            out += alphabet[bits >> held & 31U];
            ++characters;
        }
    }
    return out;
}

// RFC 7638: SHA-256 over the required members in lexicographic order without white space.
std::string thumbprint(EVP_PKEY* key) {
    const std::string canonical =
        fmt::format(R"({{"e":"{}","kty":"RSA","n":"{}"}})", to_base64url(number_of(key, OSSL_PKEY_PARAM_RSA_E)),
                    to_base64url(number_of(key, OSSL_PKEY_PARAM_RSA_N)));
    return to_base64url(Digest::of(as_bytes(canonical)).bytes());
}

bool is_key_for(KeyPurpose purpose, EVP_PKEY* key) {
    if (purpose == KeyPurpose::directory) return EVP_PKEY_is_a(key, "RSA") == 1 && EVP_PKEY_get_bits(key) >= 2048;
    std::array<char, 32> group{};
    return EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1 &&
           (std::string_view(group.data()) == "prime256v1" || std::string_view(group.data()) == "P-256");
}

} // namespace

void release_jwk(_cjose_jwk_int* key) noexcept { cjose_jwk_release(key); }

SigningKey::SigningKey(KeyPurpose purpose, Key key)
    : purpose_(purpose), key_(std::move(key)),
      jwk_(must(purpose == KeyPurpose::registry ? make_ec_jwk(key_.get()) : make_rsa_jwk(key_.get()))),
      id_(purpose == KeyPurpose::registry ? libtrust_id(key_.get()) : thumbprint(key_.get())),
      signature_size_(purpose == KeyPurpose::registry ? 2 * p256_size
                                                      : static_cast<std::size_t>(EVP_PKEY_get_size(key_.get()))) {}

SigningKey SigningKey::generate(KeyPurpose purpose) {
    return {purpose, Key(must(purpose == KeyPurpose::registry ? EVP_EC_gen("P-256") : EVP_RSA_gen(rsa_bits)))};
}

Result<SigningKey> SigningKey::from_pem(KeyPurpose purpose, std::string_view pem) {
    const Buffer buffer(must(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))));
    Key key(PEM_read_bio_PrivateKey(buffer.get(), nullptr, nullptr, nullptr));
    if (!key || !is_key_for(purpose, key.get())) {
        ERR_clear_error();
        return failure(ErrorCode::internal, "A stored signing key is damaged.");
    }
    return SigningKey(purpose, std::move(key));
}

Secret SigningKey::to_pem() const {
    const Buffer buffer(must(BIO_new(BIO_s_secmem())));
    must(PEM_write_bio_PKCS8PrivateKey(buffer.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr));
    char* text = nullptr;
    const long size = BIO_get_mem_data(buffer.get(), &text);
    return Secret(std::string(text, static_cast<std::size_t>(size)));
}

std::string_view SigningKey::algorithm() const noexcept { return purpose_ == KeyPurpose::registry ? "ES256" : "RS256"; }

Result<std::string> SigningKey::sign(std::string_view payload) const {
    const auto failed = [] { return failure(ErrorCode::internal, "The token could not be signed."); };
    const Header header(cjose_header_new(nullptr));
    if (!header || !cjose_header_set(header.get(), CJOSE_HDR_ALG, algorithm().data(), nullptr) ||
        !cjose_header_set(header.get(), "typ", "JWT", nullptr) ||
        !cjose_header_set(header.get(), CJOSE_HDR_KID, id_.c_str(), nullptr)) {
        return failed();
    }
    const Signature signature(cjose_jws_sign(jwk_.get(), header.get(), reinterpret_cast<const std::uint8_t*>(payload.data()),
                                             payload.size(), nullptr));
    const char* compact = nullptr;
    if (!signature || !cjose_jws_export(signature.get(), &compact, nullptr)) return failed();
    return std::string(compact);
}

bool SigningKey::verify(std::string_view token) const {
    const Signature signature(cjose_jws_import(token.data(), token.size(), nullptr));
    if (signature && cjose_jws_verify(signature.get(), jwk_.get(), nullptr)) return true;
    ERR_clear_error(); // TLS on this thread looks at the same queue
    return false;
}

boost::json::object SigningKey::public_jwk() const {
    boost::json::object out{
        {"kty", purpose_ == KeyPurpose::registry ? "EC" : "RSA"}, {"use", "sig"}, {"alg", algorithm()}, {"kid", id_}};
    if (purpose_ == KeyPurpose::registry) {
        out["crv"] = "P-256";
        out["x"] = to_base64url(number_of(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, p256_size));
        out["y"] = to_base64url(number_of(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, p256_size));
    } else {
        out["n"] = to_base64url(number_of(key_.get(), OSSL_PKEY_PARAM_RSA_N));
        out["e"] = to_base64url(number_of(key_.get(), OSSL_PKEY_PARAM_RSA_E));
    }
    return out;
}

} // namespace berth::identity
