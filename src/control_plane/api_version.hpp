#pragma once

#include "base/result.hpp"
#include "gateway/route.hpp"

#include <string_view>

namespace berth::control_plane {

/// Whether the text is an api-version as Azure writes them: a day from 2014 on, with `-preview`, `-alpha`, `-beta` or
/// `-privatepreview` behind it or nothing. Bodies hardly differ between versions, so every one that could be is served; the
/// newer ones that clients will send too.
bool is_api_version(std::string_view text) noexcept;

/// The handler behind a check of the query's `api-version`: `invalid_parameter` with ARM's `InvalidApiVersionParameter`.
gateway::Handler check_api_version(gateway::Handler handler);

} // namespace berth::control_plane
