#include "base/strict_json.hpp"
#include "control_plane/registries.hpp"
#include "control_plane/resource_body.hpp"

#include <cstdint>
#include <cstdlib>

// Whatever a PUT of a registry is accepted with, its properties are complete, and applying them again changes nothing.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace berth;
    using namespace berth::control_plane;
    static const ResourceType type = registries();
    const auto json = parse_json({reinterpret_cast<const char*>(data), size});
    if (!json) return 0;
    const auto body = parse_resource_body(type, *json);
    if (!body) return 0;
    const auto properties = apply_properties(type.properties, body->properties, initial_properties(type.properties));
    if (!properties) return 0;
    for (const Property& property : type.properties) {
        if (!property.initial.is_null() && !properties->contains(property.name)) std::abort();
    }
    const auto again = apply_properties(type.properties, *properties, *properties);
    if (!again || *again != *properties) std::abort();
    return 0;
}
