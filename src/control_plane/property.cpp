#include "control_plane/property.hpp"

#include "base/encoding.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace berth::control_plane {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;
using Kind = Property::Kind;

constexpr std::size_t longest_text = 2048;
constexpr std::int64_t most_items = 200;

std::unexpected<Error> invalid(const std::string& path, std::string_view what) {
    return failure(ErrorCode::invalid_parameter, fmt::format("The property '{}' {}", path, what));
}

Result<void> check_honoured(const Property& property, const std::string& path, const value& wanted) {
    if (std::ranges::find(property.refused, wanted) == property.refused.end()) return {};
    Error error{ErrorCode::invalid_parameter,
                fmt::format("The property '{}' cannot be {}: this version of berth does not act on it, so the setting "
                            "would promise what does not happen.",
                            path, boost::json::serialize(wanted))};
    error.protocol_code = "UnsupportedPropertyValue";
    return std::unexpected(std::move(error));
}

Result<object> apply(std::span<const Property> properties, const value& given, object current, const std::string& path);

Result<value> read_choice(const Property& property, const value& given, const std::string& path) {
    if (!given.is_string()) return invalid(path, "must be a string.");
    for (const value& refused : property.refused) {
        if (refused.is_string() && equals_ignoring_case(refused.get_string(), given.get_string())) {
            auto honoured = check_honoured(property, path, refused);
            return failure(std::move(honoured));
        }
    }
    for (const std::string_view choice : property.choices) {
        if (equals_ignoring_case(choice, given.get_string())) return value(choice);
    }
    return invalid(path, fmt::format("must be one of {}.", fmt::join(property.choices, ", ")));
}

Result<value> read_list(const Property& property, const value& given, const std::string& path) {
    if (!given.is_array()) return invalid(path, "must be an array.");
    const auto most = static_cast<std::size_t>(std::min<std::int64_t>(property.most, most_items));
    if (given.get_array().size() > most) return invalid(path, fmt::format("has at most {} items. {}", most, property.rule));
    array out;
    for (const value& item : given.get_array()) {
        const std::string here = fmt::format("{}[{}]", path, out.size());
        auto members = apply(property.members, item, initial_properties(property.members), here);
        if (!members) return failure(std::move(members));
        out.push_back(std::move(*members));
    }
    return value(std::move(out));
}

Result<value> read_texts(const Property& property, const value& given, const std::string& path) {
    if (!given.is_array()) return invalid(path, "must be an array of strings.");
    array out;
    for (const value& item : given.get_array()) {
        const std::string text = item.is_string() ? to_lower(item.get_string()) : std::string();
        if (text.size() > longest_text || (property.check != nullptr && !property.check(text))) {
            const std::string_view shown = item.is_string() && text.size() <= longest_text ? std::string_view(text) : "";
            return invalid(path, fmt::format("has an item that is not valid here: '{}'. {}", shown, property.rule));
        }
        const value kept(text);
        if (std::ranges::find(out, kept) == out.end()) out.push_back(kept);
    }
    const auto count = static_cast<std::int64_t>(out.size());
    if (count < property.least || count > property.most) {
        return invalid(path, fmt::format("must have from {} to {} items.", property.least, property.most));
    }
    return value(std::move(out));
}

Result<value> read(const Property& property, const value& given, const value* current, const std::string& path) {
    switch (property.kind) {
    case Kind::flag:
        if (!given.is_bool()) return invalid(path, "must be true or false.");
        if (auto honoured = check_honoured(property, path, given); !honoured) return failure(std::move(honoured));
        return given;
    case Kind::number: {
        const auto number = given.is_int64() ? std::optional(given.get_int64()) : std::nullopt;
        if (!number || *number < property.least || *number > property.most) {
            return invalid(path, fmt::format("must be a whole number from {} to {}.", property.least, property.most));
        }
        return given;
    }
    case Kind::text:
        if (!given.is_string()) return invalid(path, "must be a string.");
        if (given.get_string().size() > longest_text || (property.check != nullptr && !property.check(given.get_string()))) {
            return invalid(path, property.rule.empty() ? "has a value that is not valid here." : property.rule);
        }
        return given;
    case Kind::choice: return read_choice(property, given, path);
    case Kind::list: return read_list(property, given, path);
    case Kind::texts: return read_texts(property, given, path);
    case Kind::object: {
        object before =
            current != nullptr && current->is_object() ? current->get_object() : initial_properties(property.members);
        auto members = apply(property.members, given, std::move(before), path);
        if (!members) return failure(std::move(members));
        return value(std::move(*members));
    }
    case Kind::read_only: break;
    }
    return current != nullptr ? *current : value(nullptr);
}

Result<object> apply(std::span<const Property> properties, const value& given, object current, const std::string& path) {
    if (given.is_null()) return current;
    if (!given.is_object()) return invalid(path, "must be an object.");
    for (const auto& [key, sent] : given.get_object()) {
        const std::string_view name = key;
        const auto property =
            std::ranges::find_if(properties, [&](const Property& known) { return equals_ignoring_case(known.name, name); });
        if (property == properties.end() || property->kind == Kind::read_only || sent.is_null()) continue;
        auto result = read(*property, sent, current.if_contains(property->name), fmt::format("{}.{}", path, property->name));
        if (!result) return failure(std::move(result));
        current[property->name] = std::move(*result);
    }
    return current;
}

} // namespace

object initial_properties(std::span<const Property> properties) {
    object out;
    for (const Property& property : properties) {
        if (property.kind == Kind::object && property.initial.is_null() && !property.members.empty()) {
            out[property.name] = initial_properties(property.members);
        } else if (!property.initial.is_null()) {
            out[property.name] = property.initial;
        }
    }
    return out;
}

Result<object> apply_properties(std::span<const Property> properties, const value& given, object current) {
    return apply(properties, given, std::move(current), "properties");
}

Result<void> check_required(std::span<const Property> properties, const object& written) {
    for (const Property& property : properties) {
        if (!property.required || written.contains(property.name)) continue;
        return failure(ErrorCode::invalid_parameter, fmt::format("The property 'properties.{}' is required.", property.name));
    }
    return {};
}

object complete_properties(std::span<const Property> properties, const object& stored) {
    object out;
    for (const Property& property : properties) {
        const value* kept = stored.if_contains(property.name);
        if (property.kind == Kind::object) {
            out[property.name] =
                complete_properties(property.members, kept != nullptr && kept->is_object() ? kept->get_object() : object{});
        } else if (kept != nullptr) {
            out[property.name] = *kept;
        } else if (!property.initial.is_null()) {
            out[property.name] = property.initial;
        }
    }
    return out;
}

} // namespace berth::control_plane
