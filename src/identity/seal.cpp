#include "identity/seal.hpp"

#include "base/file_descriptor.hpp"
#include "base/random.hpp"
#include "identity/key_derivation.hpp"
#include "identity/owned.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace berth::identity {
namespace {

constexpr std::size_t key_size = 32;
constexpr std::byte format_version{1};

// What is sealed is: one byte of format, 24 random bytes, the ciphertext, the tag of 16 bytes. Key and nonce of each
// message come from HKDF-SHA256 (RFC 5869) with the random bytes as salt and the purpose as info, so that a nonce never
// meets a key twice however much is sealed.
constexpr std::size_t salt_size = 24;
constexpr std::size_t tag_size = 16;
constexpr std::size_t nonce_size = 12;
constexpr std::size_t head_size = 1 + salt_size;

using CipherContext = Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

unsigned char* raw(std::byte* bytes) noexcept { return reinterpret_cast<unsigned char*>(bytes); }
const unsigned char* raw(const std::byte* bytes) noexcept { return reinterpret_cast<const unsigned char*>(bytes); }

// A library that cannot compute has no memory or is broken: nothing safe could follow.
void must(bool done) noexcept {
    if (!done) std::abort();
}

struct MessageKey {
    std::array<std::byte, key_size + nonce_size> bytes{};
    ~MessageKey() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
    const unsigned char* key() const noexcept { return raw(bytes.data()); }
    const unsigned char* nonce() const noexcept { return raw(bytes.data() + key_size); }
};

MessageKey derive(const Bytes& key, std::string_view purpose, std::span<const std::byte> salt) noexcept {
    MessageKey out;
    derive_key(out.bytes, key, salt, purpose);
    return out;
}

const EVP_CIPHER* cipher() noexcept {
    static EVP_CIPHER* const fetched = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
    return fetched;
}

std::unexpected<Error> file_failure(std::string_view doing, const std::filesystem::path& path, int error) {
    const ErrorCode code = error == ENOSPC || error == EDQUOT                    ? ErrorCode::storage_full
                           : error == EROFS || error == EACCES || error == EPERM ? ErrorCode::storage_read_only
                                                                                 : ErrorCode::internal;
    return failure(code, fmt::format("Cannot {} the key file '{}': {}.", doing, path.string(), std::strerror(error)));
}

// 64 hexadecimal digits and a line end: something that can be looked at and copied by hand.
Result<Bytes> read_key(const std::filesystem::path& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return file_failure("read", path, errno);
    std::string text(key_size * 2 + 3, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return file_failure("read", path, errno);
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    text.resize(size);
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    auto key = from_hex(text);
    OPENSSL_cleanse(text.data(), text.size());
    if (!key || key->size() != key_size) {
        return failure(ErrorCode::internal,
                       fmt::format("The key file '{}' is damaged: it should hold 64 hexadecimal digits. Restore it from "
                                   "a backup; without it the sealed values of this data folder cannot be read.",
                                   path.string()));
    }
    return std::move(*key);
}

// Written beside, synced, then linked to its name: it is there whole or not at all, and whoever comes first wins.
Result<void> write_key(const std::filesystem::path& path) {
    Bytes key(key_size);
    fill_random(key);
    std::string text = to_hex(key) + "\n";
    std::string beside = path.string() + ".XXXXXX";
    const FileDescriptor file(::mkostemp(beside.data(), O_CLOEXEC)); // makes it with mode 0600
    if (!file) return file_failure("make", path, errno);
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    OPENSSL_cleanse(text.data(), text.size());
    OPENSSL_cleanse(key.data(), key.size());
    int error = written == static_cast<ssize_t>(key_size * 2 + 1) ? 0 : written < 0 ? errno : ENOSPC;
    if (error == 0 && ::fsync(file.get()) != 0) error = errno;
    if (error == 0 && ::link(beside.c_str(), path.c_str()) != 0 && errno != EEXIST) error = errno;
    ::unlink(beside.c_str());
    if (error != 0) return file_failure("write", path, error);
    const auto folder_path = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    const FileDescriptor folder(::open(folder_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::fsync(folder.get()) != 0) return file_failure("sync the folder of", path, errno);
    return {};
}

} // namespace

Seal::Seal(Bytes key) : key_(std::move(key)) { derive_key(signing_key_, key_, {}, "signing"); }

Result<Seal> Seal::open(const std::filesystem::path& key_file) {
    if (::access(key_file.c_str(), F_OK) != 0 && errno == ENOENT) {
        if (auto written = write_key(key_file); !written) return failure(std::move(written));
    }
    auto key = read_key(key_file);
    if (!key) return failure(std::move(key));
    return Seal(std::move(*key));
}

Bytes Seal::seal(std::string_view purpose, std::span<const std::byte> plain) const {
    Bytes out(head_size + plain.size() + tag_size);
    out[0] = format_version;
    const auto salt = std::span(out).subspan(1, salt_size);
    fill_random(salt);
    const MessageKey key = derive(key_, purpose, salt);
    const CipherContext context(EVP_CIPHER_CTX_new());
    must(context != nullptr);
    std::byte* const text = out.data() + head_size;
    int size = 0;
    must(EVP_EncryptInit_ex2(context.get(), cipher(), key.key(), key.nonce(), nullptr) == 1);
    must(EVP_EncryptUpdate(context.get(), nullptr, &size, raw(out.data()), 1) == 1); // the format, authenticated
    must(plain.empty() ||
         EVP_EncryptUpdate(context.get(), raw(text), &size, raw(plain.data()), static_cast<int>(plain.size())) == 1);
    must(EVP_EncryptFinal_ex(context.get(), raw(text), &size) == 1);
    must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, tag_size, text + plain.size()) == 1);
    return out;
}

Result<Bytes> Seal::unseal(std::string_view purpose, std::span<const std::byte> sealed) const {
    const auto refused = [] { return failure(ErrorCode::invalid_credentials, "The sealed value does not hold."); };
    if (sealed.size() < head_size + tag_size || sealed[0] != format_version) return refused();
    const MessageKey key = derive(key_, purpose, sealed.subspan(1, salt_size));
    const auto text = sealed.subspan(head_size, sealed.size() - head_size - tag_size);
    std::array<std::byte, tag_size> tag;
    std::ranges::copy(sealed.last(tag_size), tag.begin());
    Bytes out(text.size());
    const CipherContext context(EVP_CIPHER_CTX_new());
    must(context != nullptr);
    int size = 0;
    must(EVP_DecryptInit_ex2(context.get(), cipher(), key.key(), key.nonce(), nullptr) == 1);
    must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, tag_size, tag.data()) == 1);
    must(EVP_DecryptUpdate(context.get(), nullptr, &size, raw(sealed.data()), 1) == 1);
    must(text.empty() ||
         EVP_DecryptUpdate(context.get(), raw(out.data()), &size, raw(text.data()), static_cast<int>(text.size())) == 1);
    std::array<unsigned char, tag_size> rest{};
    if (EVP_DecryptFinal_ex(context.get(), rest.data(), &size) != 1) {
        ERR_clear_error(); // TLS on this thread looks at the same queue
        return refused();
    }
    return out;
}

HmacCode Seal::sign(std::string_view purpose, std::initializer_list<std::string_view> parts) const noexcept {
    Hmac hmac(signing_key_);
    const auto add = [&](std::string_view part) {
        const std::uint64_t size = part.size();
        hmac.add(std::as_bytes(std::span(&size, 1))).add(part);
    };
    add(purpose);
    for (const std::string_view part : parts) add(part);
    HmacCode code{};
    hmac.finish(code);
    return code;
}

bool Seal::has_signed(std::string_view purpose, std::initializer_list<std::string_view> parts,
                      std::span<const std::byte> code) const noexcept {
    const HmacCode expected = sign(purpose, parts);
    return code.size() == expected.size() && CRYPTO_memcmp(code.data(), expected.data(), expected.size()) == 0;
}

} // namespace berth::identity
