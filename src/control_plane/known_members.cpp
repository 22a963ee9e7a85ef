#include "control_plane/known_members.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace berth::control_plane {

Result<void> check_known_members(const boost::json::value& object, std::span<const std::string_view> known,
                                 std::string_view where) {
    constexpr std::size_t most_shown = 100;
    const auto* members = object.if_object();
    if (members == nullptr) return {};
    for (const auto& [key, member] : *members) {
        const std::string_view name = key;
        if (std::ranges::find(known, name) != known.end()) continue;
        return failure(ErrorCode::invalid_parameter, fmt::format("'{}' is no property of {}. It has {}.",
                                                                 name.substr(0, most_shown), where, fmt::join(known, ", ")));
    }
    return {};
}

} // namespace berth::control_plane
