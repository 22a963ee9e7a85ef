#include "identity/key_derivation.hpp"

#include "identity/hmac.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstdlib>

namespace berth::identity {

void derive_key(std::span<std::byte> out, std::span<const std::byte> key, std::span<const std::byte> salt,
                std::string_view info) noexcept {
    if (out.size() > 255 * hmac_size) std::abort(); // no such key exists
    HmacCode extracted{};
    const HmacCode no_salt{}; // what RFC 5869, section 2.2, puts in its place
    Hmac(salt.empty() ? std::span<const std::byte>(no_salt) : salt).add(key).finish(extracted);
    HmacCode block{};
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
