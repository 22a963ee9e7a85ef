// A PATCH of custom security attributes: what is kept is shown as a PATCH that makes the same.

#include "base/strict_json.hpp"
#include "directory/security_attributes.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace berth::directory;
    const auto patch = berth::parse_json({reinterpret_cast<const char*>(data), size});
    if (!patch) return 0;
    const auto after = patched_security_attributes({{"Work_Team", {"blue"}}}, *patch);
    if (!after) return 0;
    const auto again = patched_security_attributes({}, security_attributes_json(*after));
    if (!again || *again != *after) std::abort();
    return 0;
}
