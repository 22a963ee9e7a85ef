#pragma once

#include "gateway/context.hpp"
#include "gateway/route.hpp"
#include "gateway/services.hpp"

#include <vector>

namespace berth::data_plane {

/// `/v2/<name>/blobs/<digest>` (OCI distribution specification: end-2, end-10).
class BlobRoutes {
public:
    explicit BlobRoutes(gateway::Services services) : services_(services) {}
    std::vector<gateway::Route> routes();

private:
    Task<Result<http::Response>> get(gateway::Context& context);
    Task<Result<http::Response>> remove(gateway::Context& context);

    gateway::Services services_;
};

} // namespace berth::data_plane
