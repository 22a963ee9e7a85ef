#pragma once

#include "control_plane/resource_type.hpp"

#include <boost/json/value.hpp>

#include <optional>
#include <string>

namespace berth::control_plane {

/// What a PUT or PATCH says about any resource; its properties are read by the type's description.
struct ResourceBody {
    std::optional<std::string> location; ///< normalized: `westeurope`
    std::optional<boost::json::object> tags;
    std::optional<std::string> sku; ///< in the spelling of the type
    boost::json::value properties = nullptr;
    boost::json::value identity = nullptr; ///< of types that may have one: an object, or null
};

/// `invalid_parameter` (ARM code `InvalidRequestContent` for what is no object) with what is wrong where. Unknown members
/// are left out of account.
Result<ResourceBody> parse_resource_body(const ResourceType& type, const boost::json::value& body);

/// Names and values within ARM's limits: at most 50 tags.
Result<void> check_tags(const boost::json::value& tags);

/// `West Europe` and `westeurope` are one location: lower case without spaces. nullopt for what can be no location.
std::optional<std::string> normalize_location(std::string_view location);

} // namespace berth::control_plane
