#pragma once

#include "base/result.hpp"

#include <boost/json/value.hpp>

#include <span>
#include <string_view>

namespace berth::control_plane {

/// `invalid_parameter` for a member of an object that is none of `known`, letter case included: what decides about rights
/// must not be misspelled in silence (a `conditon` that is dropped would give more than was meant). `where` names the
/// object in the message.
Result<void> check_known_members(const boost::json::value& object, std::span<const std::string_view> known,
                                 std::string_view where);

} // namespace berth::control_plane
