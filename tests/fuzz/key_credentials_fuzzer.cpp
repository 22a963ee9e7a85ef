// A PATCH of `keyCredentials`: what was taken names each key once and lies within the limits.

#include "base/strict_json.hpp"
#include "directory/key_credentials.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto given = berth::parse_json({reinterpret_cast<const char*>(data), size});
    if (!given) return 0;
    const auto keys = berth::directory::parse_key_credentials(*given, {});
    if (!keys) return 0;
    if (keys->size() > berth::tenant::max_key_credentials) std::abort();
    for (const auto& key : *keys) {
        if (key.ends_at <= key.starts_at || key.certificate.empty() || key.thumbprint.size() != 20) std::abort();
    }
    return 0;
}
