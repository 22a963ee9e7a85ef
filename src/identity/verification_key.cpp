#include "identity/verification_key.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cjose/cjose.h>
#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

#include <algorithm>
#include <array>

namespace berth::identity {
namespace {

using boost::json::object;
using boost::json::value;
using Signature = Owned<cjose_jws_t, cjose_jws_release>;

constexpr std::size_t smallest_modulus = 2048 / 8;
constexpr std::size_t largest_modulus = 8192 / 8;
constexpr std::size_t largest_exponent = 4; // bytes; every key in use has 65537
constexpr std::array<std::string_view, 6> rsa_algorithms{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"};

struct Curve {
    std::string_view name;
    std::string_view algorithm;
    std::size_t coordinate; // bytes
};
constexpr std::array curves{Curve{"P-256", "ES256", 32}, Curve{"P-384", "ES384", 48}, Curve{"P-521", "ES512", 66}};

std::unexpected<Error> unusable(std::string_view why) {
    return failure(ErrorCode::invalid_parameter, fmt::format("The key cannot be used: {}.", why));
}

// The member as bytes without leading zeros; empty if it is none.
Bytes number(const value& jwk, std::string_view name) {
    const auto text = find_string(jwk, name);
    auto bytes = text && text->size() <= 2 * largest_modulus ? from_base64url(*text) : std::nullopt;
    if (!bytes) return {};
    const auto first = std::ranges::find_if(*bytes, [](std::byte b) { return b != std::byte{0}; });
    return {first, bytes->end()};
}

// Only the members that make the public key reach the library.
std::shared_ptr<cjose_jwk_t> import(const object& members) {
    const std::string json = boost::json::serialize(members);
    std::shared_ptr<cjose_jwk_t> key(cjose_jwk_import(json.data(), json.size(), nullptr), [](cjose_jwk_t* one) {
        if (one != nullptr) cjose_jwk_release(one);
    });
    ERR_clear_error();
    return key;
}

Result<std::shared_ptr<cjose_jwk_t>> import_rsa(const Bytes& modulus, const Bytes& exponent) {
    if (modulus.size() < smallest_modulus || modulus.size() > largest_modulus) {
        return unusable("an RSA key must have 2048 to 8192 bits");
    }
    const bool odd = !exponent.empty() && (exponent.back() & std::byte{1}) != std::byte{0};
    const bool more_than_one = exponent.size() > 1 || (odd && exponent.back() != std::byte{1});
    if (!odd || !more_than_one || exponent.size() > largest_exponent) return unusable("its exponent is none");
    auto key = import({{"kty", "RSA"}, {"n", to_base64url(modulus)}, {"e", to_base64url(exponent)}});
    if (!key) return unusable("it is no RSA key");
    return key;
}

const Curve* find_curve(std::string_view name) {
    const auto* found = std::ranges::find(curves, name, &Curve::name);
    return found == curves.end() ? nullptr : found;
}

} // namespace

Result<VerificationKey> VerificationKey::from_jwk(const value& jwk) {
    const auto type = find_string(jwk, "kty");
    if (!type) return unusable("it has no type");
    if (find_member(jwk, "d") != nullptr || find_member(jwk, "k") != nullptr) return unusable("it is no public key");
    if (const auto use = find_string(jwk, "use"); use && *use != "sig") return unusable("it is not for signatures");
    VerificationKey out;
    out.id_ = find_string(jwk, "kid").value_or("");
    out.algorithm_ = find_string(jwk, "alg").value_or("");
    if (*type == "RSA") {
        auto key = import_rsa(number(jwk, "n"), number(jwk, "e"));
        if (!key) return failure(std::move(key));
        out.key_ = std::move(*key);
        if (out.algorithm_.empty()) out.algorithm_ = "RS256"; // what issuers that name none sign with
    } else if (*type == "EC") {
        const Curve* curve = find_curve(find_string(jwk, "crv").value_or(""));
        if (curve == nullptr) return unusable("its curve is not P-256, P-384 or P-521");
        const auto x = from_base64url(find_string(jwk, "x").value_or(""));
        const auto y = from_base64url(find_string(jwk, "y").value_or(""));
        if (!x || !y || x->size() != curve->coordinate || y->size() != curve->coordinate) return unusable("it is no point");
        out.key_ = import({{"kty", "EC"}, {"crv", curve->name}, {"x", to_base64url(*x)}, {"y", to_base64url(*y)}});
        if (!out.key_) return unusable("its point is not on the curve");
        out.curve_ = curve->name;
    } else {
        return unusable("it is neither RSA nor EC");
    }
    if (!out.algorithm_.empty() && !out.allows(out.algorithm_)) return unusable("its algorithm is not one of its type");
    return out;
}

Result<VerificationKey> VerificationKey::from_rsa(EVP_PKEY* key) {
    if (key == nullptr || EVP_PKEY_is_a(key, "RSA") != 1) return unusable("it is no RSA key");
    const auto parameter = [&](const char* name) -> Bytes {
        BIGNUM* read = nullptr;
        if (EVP_PKEY_get_bn_param(key, name, &read) != 1) return {};
        const Owned<BIGNUM, BN_free> owner(read);
        Bytes out(static_cast<std::size_t>(BN_num_bytes(read)));
        BN_bn2bin(read, reinterpret_cast<unsigned char*>(out.data()));
        return out;
    };
    auto imported = import_rsa(parameter(OSSL_PKEY_PARAM_RSA_N), parameter(OSSL_PKEY_PARAM_RSA_E));
    if (!imported) return failure(std::move(imported));
    VerificationKey out;
    out.key_ = std::move(*imported);
    return out;
}

bool VerificationKey::allows(std::string_view algorithm) const noexcept {
    if (!algorithm_.empty() && algorithm != algorithm_) return false;
    if (curve_.empty()) return std::ranges::find(rsa_algorithms, algorithm) != rsa_algorithms.end();
    return find_curve(curve_)->algorithm == algorithm;
}

bool VerificationKey::verify(std::string_view token, std::string_view algorithm) const {
    if (!allows(algorithm)) return false;
    const Signature signature(cjose_jws_import(token.data(), token.size(), nullptr));
    const bool right = signature && cjose_jws_verify(signature.get(), key_.get(), nullptr);
    ERR_clear_error(); // TLS on this thread looks at the same queue
    return right;
}

} // namespace berth::identity
