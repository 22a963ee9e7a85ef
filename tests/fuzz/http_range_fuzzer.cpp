// The Range field against a size from the input's first bytes: what is given lies within it.
#include "http/body.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::uint64_t length = 0;
    if (size < sizeof(length)) return 0;
    std::memcpy(&length, data, sizeof(length));
    const std::string_view header(reinterpret_cast<const char*>(data) + sizeof(length), size - sizeof(length));
    for (const std::uint64_t of : {length, length & 0xff}) {
        const auto range = berth::http::parse_range(header, of);
        if (!range || !*range) continue;
        const auto& [offset, count] = **range;
        if (count == 0 || offset >= of || count > of - offset) std::abort();
    }
    return 0;
}
