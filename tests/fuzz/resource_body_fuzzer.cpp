#include "base/strict_json.hpp"
#include "control_plane/cache_rules.hpp"
#include "control_plane/credential_sets.hpp"
#include "control_plane/registries.hpp"
#include "control_plane/resource_body.hpp"
#include "control_plane/webhooks.hpp"
#include "tenant/network_rules.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace berth;
using namespace berth::control_plane;

// Whatever a PUT is accepted with, its properties are complete, and applying them again changes nothing.
void check(const ResourceType& type, const boost::json::value& json) {
    const auto body = parse_resource_body(type, json);
    if (!body) return;
    const auto properties = apply_properties(type.properties, body->properties, initial_properties(type.properties));
    if (!properties) return;
    for (const Property& property : type.properties) {
        if (!property.initial.is_null() && !properties->contains(property.name)) std::abort();
    }
    const auto again = apply_properties(type.properties, *properties, *properties);
    if (!again || *again != *properties) std::abort();
}

// Rules that nobody wrote through ARM are read all the same, and let nobody in who is nowhere.
void check_network(const boost::json::value& json) {
    const auto rules = tenant::network_rules_of(json);
    if (rules.admits("nowhere") && !(rules.public_access && rules.allowed_by_default)) std::abort();
}

// What is a pattern overlaps itself.
void check_pattern(std::string_view text) {
    for (const auto& pattern : {RepositoryPattern::parse(text), RepositoryPattern::parse_source(text)}) {
        if (pattern && !pattern->overlaps(*pattern)) std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const identity::Seal seal(Bytes(32));
    static const std::array types{registries(), webhooks(seal), cache_rules(), credential_sets()};
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_pattern(text);
    const auto json = parse_json(text);
    if (!json) return 0;
    check_network(*json);
    for (const ResourceType& type : types) check(type, *json);
    return 0;
}
