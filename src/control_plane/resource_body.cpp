#include "control_plane/resource_body.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace berth::control_plane {
namespace {

using boost::json::value;

constexpr std::size_t longest_location = 64;
// ARM's limits on tags.
constexpr std::size_t most_tags = 50;
constexpr std::size_t longest_tag_name = 512;
constexpr std::size_t longest_tag_value = 256;

std::unexpected<Error> invalid(std::string_view code, std::string message) {
    Error error{ErrorCode::invalid_parameter, std::move(message)};
    error.protocol_code = code;
    return std::unexpected(std::move(error));
}

Result<std::string> parse_sku(const ResourceType& type, const value& sku) {
    const auto name = find_string(sku, "name");
    for (const std::string_view known : type.skus) {
        if (name && equals_ignoring_case(*name, known)) return std::string(known);
    }
    return invalid("SkuNotSupported", fmt::format("'sku.name' must be one of {}.", fmt::join(type.skus, ", ")));
}

} // namespace

Result<void> check_tags(const value& tags) {
    if (!tags.is_object()) return invalid("InvalidTags", "'tags' must be an object of names and string values.");
    if (tags.get_object().size() > most_tags) {
        return invalid("TooManyTags",
                       fmt::format("A resource has at most {} tags; {} were sent.", most_tags, tags.get_object().size()));
    }
    for (const auto& [name, text] : tags.get_object()) {
        if (name.empty() || name.size() > longest_tag_name) {
            return invalid("InvalidTagNameLength",
                           fmt::format("The name of a tag has from 1 to {} characters.", longest_tag_name));
        }
        if (!text.is_string() || text.get_string().size() > longest_tag_value) {
            return invalid("InvalidTagValueLength", fmt::format("The value of the tag '{}' must be a string of at most {} "
                                                                "characters.",
                                                                std::string_view(name), longest_tag_value));
        }
    }
    return {};
}

std::optional<std::string> normalize_location(std::string_view location) {
    std::string out;
    for (const char c : to_lower(location)) {
        if (c == ' ') continue;
        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-') return std::nullopt;
        out += c;
    }
    if (out.empty() || out.size() > longest_location) return std::nullopt;
    return out;
}

Result<ResourceBody> parse_resource_body(const ResourceType& type, const value& body) {
    if (!body.is_object()) {
        return invalid("InvalidRequestContent",
                       fmt::format("The request content must be a JSON object that describes the {}.", type.noun));
    }
    ResourceBody out;
    if (const value* location = find_member(body, "location")) {
        out.location = location->is_string() ? normalize_location(location->get_string()) : std::nullopt;
        if (!out.location) {
            return invalid("InvalidLocation", "'location' must be a string of letters and digits, such as 'westeurope'.");
        }
    }
    if (const value* tags = find_member(body, "tags")) {
        if (auto checked = check_tags(*tags); !checked) return failure(std::move(checked));
        out.tags = tags->get_object();
    }
    if (const value* sku = find_member(body, "sku"); sku != nullptr && !type.skus.empty()) {
        auto name = parse_sku(type, *sku);
        if (!name) return failure(std::move(name));
        out.sku = std::move(*name);
    }
    if (const value* properties = find_member(body, "properties")) {
        if (!properties->is_object()) return invalid("InvalidRequestContent", "'properties' must be an object.");
        out.properties = *properties;
    }
    if (const value* identity = find_member(body, "identity"); identity != nullptr && type.identities != IdentityKinds::none) {
        if (!identity->is_object()) return invalid("InvalidIdentityType", "'identity' must be an object with a 'type'.");
        out.identity = *identity;
    }
    return out;
}

} // namespace berth::control_plane
