#pragma once

#include "control_plane/plane.hpp"
#include "gateway/route.hpp"

#include <boost/json/value.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace berth::control_plane {

/// What a client needs to know of this cloud.
struct CloudAddresses {
    std::string base;                   ///< `https://host:port`, as the client called it
    std::vector<std::string> audiences; ///< of ARM tokens, the preferred one first
    std::string registry_suffix;        ///< what follows a registry's name in its login server, with the dot
};

/// The cloud's description in the form of an api-version: az's `cloud register` reads the first (2015-01-01) or the last
/// (an object, from 2022-09-01), `ARM_CLOUD_METADATA_URL` the one between (an array, 2019-05-01). azure-rbac-and-arm
/// section 5.1, az-current (a).
boost::json::value cloud_metadata(const CloudAddresses& cloud, std::string_view api_version);

/// `GET /metadata/endpoints`.
gateway::Route cloud_metadata_route(const std::shared_ptr<Plane>& plane);

} // namespace berth::control_plane
