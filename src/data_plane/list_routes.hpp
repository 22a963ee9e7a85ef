#pragma once

#include "gateway/context.hpp"
#include "gateway/route.hpp"
#include "gateway/services.hpp"

#include <vector>

namespace berth::data_plane {

/// `/v2/_catalog` and `/v2/<name>/tags/list` (OCI distribution specification: end-8; the catalog is older).
class ListRoutes {
public:
    explicit ListRoutes(gateway::Services services) : services_(services) {}
    std::vector<gateway::Route> routes();

private:
    Task<Result<http::Response>> catalog(gateway::Context& context);
    Task<Result<http::Response>> tags(gateway::Context& context);

    gateway::Services services_;
};

} // namespace berth::data_plane
