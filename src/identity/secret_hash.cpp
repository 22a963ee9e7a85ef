#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "base/random.hpp"
#include "identity/credentials.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>

namespace berth::identity {
namespace {

constexpr std::string_view sha256_prefix = "sha256$";
constexpr std::string_view scrypt_prefix = "scrypt$";
constexpr std::size_t scrypt_salt_size = 16;
constexpr std::size_t scrypt_hash_size = 32;

// RFC 7914. 32 MiB and some 80 ms for each guess.
struct ScryptCost {
    std::uint64_t n = 1U << 15U;
    std::uint64_t r = 8;
    std::uint64_t p = 1;
};
// What a stored hash may ask for, so that a damaged one cannot stop the server.
constexpr std::uint64_t max_scrypt_memory = 128ULL << 20U;

std::optional<Bytes> scrypt(std::string_view password, std::span<const std::byte> salt, ScryptCost cost) {
    Bytes out(scrypt_hash_size);
    const int done =
        EVP_PBE_scrypt(password.data(), password.size(), reinterpret_cast<const unsigned char*>(salt.data()), salt.size(),
                       cost.n, cost.r, cost.p, max_scrypt_memory, reinterpret_cast<unsigned char*>(out.data()), out.size());
    if (done != 1) {
        ERR_clear_error(); // TLS on this thread looks at the same queue
        return std::nullopt;
    }
    return out;
}

std::string_view take_field(std::string_view& text) noexcept {
    const auto end = text.find('$');
    const auto field = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return field;
}

bool take_number(std::string_view& text, std::uint64_t& out) noexcept {
    const auto field = take_field(text);
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), out);
    return error == std::errc() && end == field.data() + field.size();
}

bool equal(std::span<const std::byte> left, std::span<const std::byte> right) noexcept {
    return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

bool matches_scrypt(std::string_view secret, std::string_view fields) {
    ScryptCost cost;
    if (!take_number(fields, cost.n) || !take_number(fields, cost.r) || !take_number(fields, cost.p)) return false;
    if (cost.r > 64 || cost.p > 16) return false;
    const auto salt = from_base64url(take_field(fields));
    const auto expected = from_base64url(fields);
    if (!salt || !expected || expected->size() != scrypt_hash_size) return false;
    const auto computed = scrypt(secret, *salt, cost);
    return computed && equal(*computed, *expected);
}

} // namespace

std::string hash_secret(const Secret& secret) {
    return fmt::format("{}{}", sha256_prefix, Digest::of(as_bytes(secret.reveal())).hex());
}

std::string hash_password(const Secret& password) {
    std::array<std::byte, scrypt_salt_size> salt{};
    fill_random(salt);
    const ScryptCost cost;
    const auto hash = scrypt(password.reveal(), salt, cost);
    if (!hash) std::abort(); // no memory: nothing that could be kept instead
    return fmt::format("{}{}${}${}${}${}", scrypt_prefix, cost.n, cost.r, cost.p, to_base64url(salt), to_base64url(*hash));
}

bool matches_hash(std::string_view secret, std::string_view hash) {
    if (hash.starts_with(sha256_prefix)) {
        const auto expected = from_hex(hash.substr(sha256_prefix.size()));
        return expected && equal(Digest::of(as_bytes(secret)).bytes(), *expected);
    }
    if (hash.starts_with(scrypt_prefix)) return matches_scrypt(secret, hash.substr(scrypt_prefix.size()));
    return false;
}

bool is_slow_hash(std::string_view hash) noexcept { return hash.starts_with(scrypt_prefix); }

NewCredential make_credential(std::optional<std::string> display_name, Timestamp now, std::chrono::seconds lifetime) {
    Secret secret = random_secret();
    std::string hash = hash_secret(secret);
    tenant::CredentialInfo info{.key_id = Guid::random(),
                                .hint = secret.reveal().substr(0, 3),
                                .display_name = std::move(display_name),
                                .starts_at = now,
                                .ends_at = now + lifetime};
    return {std::move(secret), std::move(hash), std::move(info)};
}

} // namespace berth::identity
