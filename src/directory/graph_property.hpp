#pragma once

#include "base/result.hpp"

#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// Properties of directory objects that a client sets and berth keeps and shows, as tables: what may stand in them, what is
/// shown until somebody sets them. Pure.
namespace berth::directory {

/// What a property holds; null always means unset.
enum class Shape : std::uint8_t {
    text,
    flag,
    integer, ///< from 0 to `limit`
    guid,
    address,          ///< an absolute URI
    redirect_address, ///< where a browser may be sent after signing in: https, or http to this machine
    native_address,   ///< the same for programs on a device, which may have schemes of their own
    object,           ///< of `members`
};

/// One property.
struct Property {
    std::string_view name{};
    Shape shape = Shape::text;
    bool is_list = false;                ///< an array of such values
    std::string_view initial = "null";   ///< JSON that is shown while it is unset; of an object `{}` means its members' own
    std::size_t limit = 256;             ///< bytes of a text, the largest integer
    std::size_t most_items = 256;        ///< of a list
    std::span<const Property> members{}; ///< of an object
    std::span<const std::string_view> words{}; ///< the only texts allowed
    /// Not empty: nothing but what is shown initially (or null) is accepted, and this is why.
    std::string_view only_because{};
};

/// The kept properties after a PATCH: what it does not name stays, objects are merged, lists are replaced, null unsets.
/// Annotations of OData (names with `@`) are passed over. `invalid_parameter` that names the property for one that is unknown
/// or of a wrong form.
Result<boost::json::object> patched_properties(std::span<const Property> properties, boost::json::object kept,
                                               const boost::json::object& patch);

/// All properties as Graph shows them.
boost::json::object shown_properties(std::span<const Property> properties, const boost::json::object& kept);

/// The property of that name, or nullptr.
const Property* find_property(std::span<const Property> properties, std::string_view name) noexcept;

} // namespace berth::directory
