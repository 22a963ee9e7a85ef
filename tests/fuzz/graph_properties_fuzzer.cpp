// What Graph's clients set on objects of the directory: the first byte chooses the kind. What is kept is shown as a patch that
// makes the same.

#include "base/strict_json.hpp"
#include "directory/graph_property.hpp"
#include "directory/graph_type.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace berth::directory;
    if (size == 0) return 0;
    const GraphType& type = *graph_types()[data[0] % graph_types().size()];
    const auto patch = berth::parse_json({reinterpret_cast<const char*>(data) + 1, size - 1});
    if (!patch || !patch->is_object()) return 0;
    const auto kept = patched_properties(type.properties, {}, patch->get_object());
    if (!kept) return 0;
    const auto shown = shown_properties(type.properties, *kept);
    const auto again = patched_properties(type.properties, {}, shown);
    if (!again || shown_properties(type.properties, *again) != shown) std::abort();
    return 0;
}
