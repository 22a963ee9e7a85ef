#include "data_plane/attribute_json.hpp"

#include "base/strict_json.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace berth::data_plane {
namespace {

constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> members{
    {{"deleteEnabled", 1}, {"writeEnabled", 2}, {"readEnabled", 4}, {"listEnabled", 8}}};

} // namespace

boost::json::object to_json(Attributes attributes) {
    boost::json::object out;
    for (const auto& [name, bit] : members) out[name] = (attributes.bits & bit) != 0;
    return out;
}

Result<Attributes> apply_patch(Attributes attributes, const boost::json::value& body) {
    if (!body.is_object()) {
        return failure(ErrorCode::invalid_parameter, "The body must be a JSON object of attributes to change.");
    }
    for (const std::string_view name : {"quarantineState", "quarantineDetails", "quarantineTag"}) {
        if (find_member(body, name) != nullptr) {
            return failure(ErrorCode::unsupported, fmt::format("Quarantine is not enabled here: leave '{}' out.", name));
        }
    }
    for (const auto& [name, bit] : members) {
        const auto* member = find_member(body, name);
        if (member == nullptr) continue;
        if (!member->is_bool()) {
            return failure(ErrorCode::invalid_parameter, fmt::format("'{}' must be true or false.", name));
        }
        attributes.bits = member->get_bool() ? attributes.bits | bit : attributes.bits & ~bit;
    }
    return attributes;
}

} // namespace berth::data_plane
