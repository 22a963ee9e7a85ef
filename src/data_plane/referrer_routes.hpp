#pragma once

#include "data_plane/hot_content.hpp"
#include "gateway/context.hpp"
#include "gateway/route.hpp"
#include "gateway/services.hpp"

#include <vector>

namespace berth::data_plane {

/// `/v2/<name>/referrers/<digest>` (OCI distribution specification: end-12).
class ReferrerRoutes {
public:
    ReferrerRoutes(gateway::Services services, HotContent& hot) : services_(services), hot_(hot) {}
    std::vector<gateway::Route> routes();

private:
    Task<Result<http::Response>> list(gateway::Context& context);

    gateway::Services services_;
    HotContent& hot_;
};

} // namespace berth::data_plane
