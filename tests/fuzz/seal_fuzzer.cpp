// Nothing unseals but what was sealed.
#include "identity/seal.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const berth::identity::Seal seal(berth::Bytes(32, std::byte{7}));
    const auto bytes = std::as_bytes(std::span(data, size));
    if (seal.unseal("purpose", bytes)) std::abort();
    auto sealed = seal.seal("purpose", bytes);
    const auto back = seal.unseal("purpose", sealed);
    if (!back || !std::ranges::equal(*back, bytes)) std::abort();
    sealed[size % sealed.size()] ^= std::byte{1};
    if (seal.unseal("purpose", sealed)) std::abort();
    return 0;
}
