#pragma once

#include "gateway/route.hpp"

#include <vector>

namespace berth::data_plane {

/// `/v2/<login server>/<name>/_trust/tuf/…`: Docker Content Trust (Notary v1), which Azure has retired. Who may sign is
/// decided; then the answer is 501 and names what to use instead.
std::vector<gateway::Route> content_trust_routes();

} // namespace berth::data_plane
