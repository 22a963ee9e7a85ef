#pragma once

#include "base/guid.hpp"
#include "control_plane/plane.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace berth::control_plane {

/// The resource providers whose types the plane describes, and Microsoft.Authorization.
std::set<std::string> provider_names(const Plane& plane);

/// A provider as `…/subscriptions/{id}/providers/{name}` describes it, registered: its types with their api-versions (az
/// takes the first stable one). nullopt for a provider that berth does not have.
std::optional<boost::json::object> provider_document(const Plane& plane, const Guid& subscription, std::string_view name);

} // namespace berth::control_plane
