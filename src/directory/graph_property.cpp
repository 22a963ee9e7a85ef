#include "directory/graph_property.hpp"

#include "base/encoding.hpp"
#include "base/guid.hpp"
#include "directory/redirect_address.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace berth::directory {
namespace {

using boost::json::object;
using boost::json::value;

std::unexpected<Error> wrong(std::string_view path, std::string_view must) {
    return failure(ErrorCode::invalid_parameter, fmt::format("'{}' must be {}.", path, must));
}

Result<value> checked_text(const Property& property, std::string_view path, const value& given) {
    if (!given.is_string() || given.get_string().size() > property.limit) {
        return wrong(path, fmt::format("a text of at most {} characters", property.limit));
    }
    const std::string_view text = given.get_string();
    if (!property.words.empty() && std::ranges::find(property.words, text) == property.words.end()) {
        return wrong(path, fmt::format("one of {}", fmt::join(property.words, ", ")));
    }
    return given;
}

Result<value> checked_address(const Property& property, std::string_view path, const value& given) {
    auto text = checked_text(property, path, given);
    if (!text) return text;
    const std::string_view address = given.get_string();
    Result<void> checked;
    switch (property.shape) {
    case Shape::redirect_address: checked = check_redirect_address(address, RedirectPlatform::web); break;
    case Shape::native_address: checked = check_redirect_address(address, RedirectPlatform::native); break;
    default: checked = check_absolute_address(address); break;
    }
    if (!checked) return wrong(path, checked.error().message);
    return given;
}

Result<value> checked_one(const Property& property, const std::string& path, const value& given, const value& kept) {
    switch (property.shape) {
    case Shape::text: return checked_text(property, path, given);
    case Shape::flag:
        if (!given.is_bool()) return wrong(path, "true or false");
        return given;
    case Shape::integer: {
        const bool fits =
            given.is_int64() && given.get_int64() >= 0 && static_cast<std::uint64_t>(given.get_int64()) <= property.limit;
        if (!fits) return wrong(path, fmt::format("a whole number from 0 to {}", property.limit));
        return given;
    }
    case Shape::guid:
        if (!given.is_string() || !Guid::parse(given.get_string())) return wrong(path, "a GUID");
        return value(to_lower(given.get_string()));
    case Shape::address:
    case Shape::redirect_address:
    case Shape::native_address: return checked_address(property, path, given);
    case Shape::object: break;
    }
    if (!given.is_object()) return wrong(path, "an object");
    auto patched = patched_properties(property.members, kept.is_object() ? kept.get_object() : object(), given.get_object());
    if (!patched) {
        patched.error().message = fmt::format("In '{}': {}", path, patched.error().message);
        return failure(std::move(patched));
    }
    return value(std::move(*patched));
}

Result<value> checked(const Property& property, const value& given, const value& kept) {
    const std::string path(property.name);
    if (!property.only_because.empty()) {
        if (given == boost::json::parse(property.initial)) return value(nullptr);
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("'{}' can be nothing but {}: {}", path, property.initial, property.only_because));
    }
    if (!property.is_list) return checked_one(property, path, given, kept);
    if (!given.is_array() || given.get_array().size() > property.most_items) {
        return wrong(path, fmt::format("an array of at most {} items", property.most_items));
    }
    boost::json::array out;
    for (std::size_t i = 0; i < given.get_array().size(); ++i) {
        auto item = checked_one(property, fmt::format("{}[{}]", path, i), given.get_array()[i], nullptr);
        if (!item) return item;
        out.push_back(std::move(*item));
    }
    return value(std::move(out));
}

value shown(const Property& property, const value* kept) {
    if (kept == nullptr && (property.shape != Shape::object || property.is_list || property.initial != "{}")) {
        return boost::json::parse(property.initial);
    }
    if (property.shape != Shape::object) return *kept;
    if (!property.is_list) {
        return shown_properties(property.members, kept != nullptr && kept->is_object() ? kept->get_object() : object());
    }
    boost::json::array out;
    for (const value& item : kept->get_array()) {
        out.push_back(shown_properties(property.members, item.is_object() ? item.get_object() : object()));
    }
    return out;
}

} // namespace

const Property* find_property(std::span<const Property> properties, std::string_view name) noexcept {
    const auto found = std::ranges::find(properties, name, &Property::name);
    return found == properties.end() ? nullptr : &*found;
}

Result<object> patched_properties(std::span<const Property> properties, object kept, const object& patch) {
    for (const auto& [name, given] : patch) {
        if (name.find('@') != std::string_view::npos) continue;
        const Property* property = find_property(properties, name);
        if (property == nullptr) {
            return failure(ErrorCode::invalid_parameter, fmt::format("Invalid property '{}'.", std::string_view(name)));
        }
        if (given.is_null()) {
            kept.erase(name);
            continue;
        }
        const value* before = kept.if_contains(name);
        auto after = checked(*property, given, before != nullptr ? *before : value(nullptr));
        if (!after) return failure(std::move(after));
        if (after->is_null()) {
            kept.erase(name);
        } else {
            kept[name] = std::move(*after);
        }
    }
    return kept;
}

object shown_properties(std::span<const Property> properties, const object& kept) {
    object out;
    for (const Property& property : properties) out[property.name] = shown(property, kept.if_contains(property.name));
    return out;
}

} // namespace berth::directory
