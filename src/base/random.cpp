#include "base/random.hpp"

#include "base/encoding.hpp"

#include <openssl/rand.h>

#include <array>
#include <cstdlib>

namespace berth {

void fill_random(std::span<std::byte> out) {
    if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size())) != 1) std::abort();
}

Secret random_secret() {
    std::array<std::byte, 30> bytes{};
    while (true) {
        fill_random(bytes);
        std::string text = to_base64url(bytes);
        if (text.front() != '-') return Secret(std::move(text));
    }
}

} // namespace berth
