#pragma once

#include "gateway/context.hpp"
#include "gateway/route.hpp"
#include "gateway/services.hpp"

#include <vector>

namespace berth::data_plane {

/// `/v2/<name>/referrers/<digest>` (OCI distribution specification: end-12).
class ReferrerRoutes {
public:
    explicit ReferrerRoutes(gateway::Services services) : services_(services) {}
    std::vector<gateway::Route> routes();

private:
    Task<Result<http::Response>> list(gateway::Context& context);

    gateway::Services services_;
};

} // namespace berth::data_plane
