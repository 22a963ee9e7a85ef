#pragma once

#include "base/result.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace berth::control_plane {

/// One property of a resource type: what it may be, what it is when nobody says, and what berth cannot honour yet.
struct Property {
    enum class Kind : std::uint8_t {
        flag,      ///< true or false
        number,    ///< an integer from `least` to `most`
        text,      ///< a string of at most 2,048 bytes that `check` accepts
        choice,    ///< one of `choices`, without regard to case, kept in their spelling
        object,    ///< `members`
        list,      ///< an array of at most `most` (and 200) objects, each with `members`
        texts,     ///< an array of strings that `check` accepts, kept in lower case, each once; from `least` to `most`
        read_only, ///< shown, and ignored when a client sends it back
    };
    std::string_view name{};
    Kind kind = Kind::read_only;
    boost::json::value initial{}; ///< what a new resource has; null: the property is not there until it is set
    std::int64_t least = std::numeric_limits<std::int64_t>::min();
    std::int64_t most = std::numeric_limits<std::int64_t>::max();
    std::vector<std::string_view> choices{};
    /// Values (of a flag or a choice) that Azure has and berth does not act on: refused rather than kept without effect.
    std::vector<boost::json::value> refused{};
    bool (*check)(std::string_view) = nullptr;
    std::string_view rule{}; ///< what `check` asks for, for messages: a sentence
    std::vector<Property> members{};
    bool required = false; ///< a resource must have it when it is written
};

/// What a new resource has: the initial values, objects filled in.
boost::json::object initial_properties(std::span<const Property> properties);

/// `current` with what `given` says: objects are merged, everything else is replaced, null and unknown properties are left
/// out of account. `invalid_parameter` with the path of a value that has another type, is out of range, or is refused.
Result<boost::json::object> apply_properties(std::span<const Property> properties, const boost::json::value& given,
                                             boost::json::object current);

/// `invalid_parameter` for a required property that is not there.
Result<void> check_required(std::span<const Property> properties, const boost::json::object& written);

/// What is stored with everything that is not: a resource made by an earlier version has the later properties too.
boost::json::object complete_properties(std::span<const Property> properties, const boost::json::object& stored);

} // namespace berth::control_plane
