#pragma once

#include "data_plane/blob_rows.hpp"
#include "data_plane/hot_content.hpp"
#include "gateway/context.hpp"
#include "gateway/route.hpp"
#include "gateway/services.hpp"

#include <vector>

namespace berth::data_plane {

/// `/v2/<name>/blobs/<digest>` (OCI distribution specification: end-2, end-10).
class BlobRoutes {
public:
    BlobRoutes(gateway::Services services, HotContent& hot) : services_(services), hot_(hot) {}
    std::vector<gateway::Route> routes();

private:
    Task<Result<http::Response>> get(gateway::Context& context);
    Task<Result<http::Response>> remove(gateway::Context& context);
    Task<Result<StoredBlob>> keep(gateway::Context& context, const Digest& digest, const StoredBlob& blob);

    gateway::Services services_;
    HotContent& hot_;
};

} // namespace berth::data_plane
