#pragma once

#include "base/result.hpp"
#include "gateway/route.hpp"

#include <string_view>

namespace berth::control_plane {

/// Whether the text is an api-version as Azure writes them: a day from 2014 on, with `-preview`, `-alpha`, `-beta` or
/// `-privatepreview` behind it or nothing.
bool is_api_version(std::string_view text) noexcept;

/// Whether berth serves a provider (`Microsoft.ContainerRegistry`) in this version: one that is an api-version, not older than
/// the provider's first, and, below the newest one that berth knows, no preview that Azure never had. Newer ones are served:
/// bodies hardly differ between versions. Of a provider that is not in the table, every one that could be.
bool is_served_version(std::string_view provider, std::string_view version) noexcept;

/// The provider that a route belongs to: the last one that its pattern names, else `Microsoft.Resources`.
std::string_view provider_of_pattern(std::string_view pattern) noexcept;

/// The handler behind a check of the query's `api-version`: `invalid_parameter` with ARM's `InvalidApiVersionParameter`, or
/// `InvalidResourceType` with the versions that there are.
gateway::Handler check_api_version(gateway::Handler handler);

} // namespace berth::control_plane
