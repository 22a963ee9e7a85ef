#pragma once

#include "data_plane/hot_content.hpp"
#include "gateway/context.hpp"
#include "gateway/route.hpp"
#include "gateway/services.hpp"

#include <vector>

namespace berth::data_plane {

/// `/v2/_catalog` and `/v2/<name>/tags/list` (OCI distribution specification: end-8; the catalog is older).
class ListRoutes {
public:
    ListRoutes(gateway::Services services, HotContent& hot) : services_(services), hot_(hot) {}
    std::vector<gateway::Route> routes();

private:
    Task<Result<http::Response>> catalog(gateway::Context& context);
    Task<Result<http::Response>> tags(gateway::Context& context);

    gateway::Services services_;
    HotContent& hot_;
};

} // namespace berth::data_plane
