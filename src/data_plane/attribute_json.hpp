#pragma once

#include "base/result.hpp"
#include "data_plane/attributes.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace berth::data_plane {

/// `changeableAttributes`, all four always present.
boost::json::object to_json(Attributes attributes);

/// The attributes after a PATCH: any subset of `deleteEnabled`, `writeEnabled`, `readEnabled`, `listEnabled` at the top
/// level. Other members are ignored; one of another type is `invalid_parameter`, quarantine members `unsupported`.
Result<Attributes> apply_patch(Attributes attributes, const boost::json::value& body);

} // namespace berth::data_plane
